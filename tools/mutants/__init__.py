"""Mutation tests of the contracts: each small mistake planted in a copy must be noticed. `python -m tools.mutants`."""
