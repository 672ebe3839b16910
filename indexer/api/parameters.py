"""What callers may ask: every parameter is checked, and an unknown one is refused instead of ignored."""

import re

from eth_utils import is_hex_address, to_checksum_address
from starlette.requests import Request

from indexer.api import queries

MAX_TEXT = 100
_KEY = re.compile(r"[a-z0-9-]{1,64}")
_CURSOR = re.compile(r"(\d{1,18})-(\d{1,18})")


class BadRequest(ValueError):
    """A parameter is wrong; the message says which, and what would be right."""


def only(request: Request, *known: str) -> None:
    """Refuses parameters that are not known, or given twice."""
    for name in request.query_params:
        if name not in known:
            raise BadRequest(f"there is no parameter {name!r}; known: {', '.join(known) or 'none'}")
        if len(request.query_params.getlist(name)) > 1:
            raise BadRequest(f"{name} is given twice")


def limit(request: Request) -> int:
    """How many rows a page has."""
    raw = request.query_params.get("limit", str(queries.DEFAULT_LIMIT))
    if not (raw.isascii() and raw.isdecimal() and len(raw) < 5 and 1 <= int(raw) <= queries.MAX_LIMIT):
        raise BadRequest(f"limit is {raw[:20]!r}; it goes from 1 to {queries.MAX_LIMIT}")
    return int(raw)


def after(request: Request) -> queries.Cursor | None:
    """Where the page before ended."""
    raw = request.query_params.get("after")
    if raw is None:
        return None
    cursor = _CURSOR.fullmatch(raw) if raw.isascii() else None
    if cursor is None:
        raise BadRequest(f"after is {raw[:50]!r}; give the `next` of the page before")
    return int(cursor[1]), int(cursor[2])


def search(request: Request) -> list[str]:
    """Words to look for."""
    raw = request.query_params.get("q", "")
    if len(raw) > MAX_TEXT:
        raise BadRequest(f"q has {len(raw)} characters; at most {MAX_TEXT} are looked for")
    if "\0" in raw:
        raise BadRequest("q has a NUL, where SQLite would end the word")
    return raw.split()


def choice(request: Request, name: str, choices: tuple[str, ...]) -> str:
    """One of several words, the first if none is given."""
    raw = request.query_params.get(name, choices[0])
    if raw not in choices:
        raise BadRequest(f"{name} is {raw[:50]!r}; it is {' or '.join(choices)}")
    return raw


def address(name: str, raw: str) -> str:
    """An account, checksummed. Upper and lower case are taken as they come."""
    if not is_hex_address(raw) or not raw.startswith("0x"):
        raise BadRequest(f"{name} is {raw[:50]!r}; give an address of 0x and 40 hexadecimal digits")
    return to_checksum_address(raw)


def optional_address(request: Request, name: str) -> str | None:
    """An account to filter by."""
    raw = request.query_params.get(name)
    return None if raw is None else address(name, raw)


def key(raw: str) -> str:
    """A dataset's id or slug."""
    if not _KEY.fullmatch(raw):
        raise BadRequest(f"{raw[:70]!r} is neither a dataset's id nor a slug of a-z, 0-9 and -")
    if raw.isdecimal() and int(raw) >= 1 << 63:
        raise BadRequest(f"{raw} is larger than any dataset's id")
    return raw
