"""`python -m indexer`, the same as `cluster index`."""

from indexer.cli import index

index()
