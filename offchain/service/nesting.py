"""A bound on how deeply JSON from outside may nest.

Decoders recurse. Python's own limit usually stops them, but libraries raise it (some to 100,000), and then
deep input ends the process.
"""

import re

MAX_DEPTH = 200

_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_BRACKETS = b"[]{}"
_OTHERS = bytes(set(range(256)) - set(_BRACKETS))


class TooDeep(ValueError):
    """The input nests deeper than `MAX_DEPTH`."""


def check_depth(data: bytes) -> None:
    """Raises `TooDeep`. Costs next to nothing for input with few brackets."""
    brackets = data.translate(None, _OTHERS)
    if brackets.count(b"[") + brackets.count(b"{") <= MAX_DEPTH:
        return
    depth = 0
    for bracket in _STRINGS.sub(b"", data).translate(None, _OTHERS):
        depth += 1 if bracket in b"[{" else -1
        if depth > MAX_DEPTH:
            raise TooDeep(f"nested deeper than {MAX_DEPTH} levels")
