"""The ABI reference, written from the NatSpec of the contracts."""
