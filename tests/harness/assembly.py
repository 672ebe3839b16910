"""Contracts of a few instructions, for what no compiled contract does."""

# PUSH1 12, CODESIZE, SUB, DUP1, PUSH1 12, PUSH0, CODECOPY, PUSH0: what follows these 12 bytes is in memory from 0, its
# length and 0 are on the stack.
_COPY_REST = bytes.fromhex("600c380380600c5f395f")
_JUMPDEST, _RETURN, _REVERT = b"\x5b", b"\xf3", b"\xfd"


def creation_code_of(runtime: bytes) -> bytes:
    """Creation code of a contract that has this code."""
    return _COPY_REST + _JUMPDEST + _RETURN + runtime


def creation_code_that_reverts(data: bytes) -> bytes:
    """Creation code that reverts with this data."""
    return _COPY_REST + _JUMPDEST + _REVERT + data
