"""Whether the code on chain is what was compiled."""

from eth_utils import keccak

PUSH1 = 0x60
PUSH32 = 0x7F
_WORD = 32


def hash_of(code: bytes) -> str:
    """Keccak-256 as 0x-prefixed hex."""
    return "0x" + keccak(code).hex()


def matches(compiled: bytes, deployed: bytes) -> bool:
    """Whether deployed code is the compiled one, whatever its immutables were set to.

    The compiler leaves each immutable as a PUSH32 of zero, and writes no other PUSH32 of zero: such a word
    may differ, everything else must not.
    """
    if not compiled or len(compiled) != len(deployed):
        return False
    masked = bytearray(deployed)
    position = 0
    while position < len(compiled):
        opcode = compiled[position]
        operand = opcode - PUSH1 + 1 if PUSH1 <= opcode <= PUSH32 else 0
        start, end = position + 1, position + 1 + operand
        if opcode == PUSH32 and compiled[start:end] == bytes(_WORD):
            masked[start:end] = bytes(_WORD)
        position = end
    return bytes(masked) == compiled


def equals(deployed: bytes, made: bytes, address: str) -> bool:
    """Whether deployed code is that of a contract made with the same arguments elsewhere. What knows its own address,
    as UUPS does, has that of its own place.
    """
    own = bytes.fromhex(address[2:])
    at = deployed.find(own)
    if len(deployed) != len(made) or at < 0:
        return deployed == made
    return made.replace(made[at : at + len(own)], own) == deployed
