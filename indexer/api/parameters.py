"""What callers may ask: every parameter is checked, and an unknown one is refused instead of ignored."""

import re

from eth_utils import is_hex_address, to_checksum_address
from starlette.requests import Request

from indexer.api import queries

MAX_TEXT = 100
_KEY = re.compile(r"[a-z0-9-]{1,64}")
_WORD = re.compile("0x[0-9a-fA-F]{64}")
_NAME = re.compile(r"[0-9]{1,20}|[a-z0-9._-]{1,64}/[a-z0-9._-]{1,64}")
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
    return one_of(name, request.query_params.get(name, choices[0]), choices)


def one_of(name: str, raw: str, choices: tuple[str, ...]) -> str:
    """One of several words."""
    if raw not in choices:
        raise BadRequest(f"{name} is {raw[:50]!r}; it is {' or '.join(choices)}")
    return raw


def integer(name: str, raw: str) -> int:
    """An id or a number that a table keeps as one."""
    if not (raw.isascii() and raw.isdecimal() and len(raw) < 20 and int(raw) < 1 << 63):
        raise BadRequest(f"{name} is {raw[:50]!r}; give a number from 0 to {(1 << 63) - 1}")
    return int(raw)


def big_integer(name: str, raw: str) -> str:
    """A number of 256 bits, as tables keep it."""
    if not (raw.isascii() and raw.isdecimal() and len(raw) < 79 and int(raw) < 1 << 256):
        raise BadRequest(f"{name} is {raw[:50]!r}; give a number of at most 256 bits")
    return str(int(raw))


def word(name: str, raw: str) -> str:
    """32 bytes."""
    if not _WORD.fullmatch(raw):
        raise BadRequest(f"{name} is {raw[:70]!r}; give 0x and 64 hexadecimal digits")
    return raw.lower()


def short_text(name: str, raw: str) -> str:
    """Text to compare with."""
    if len(raw) > MAX_TEXT or "\0" in raw:
        raise BadRequest(f"{name} is {raw[:50]!r}; give at most {MAX_TEXT} characters, and no NUL")
    return raw


def addresses(name: str, raw: str) -> list[str]:
    """Accounts, with commas between."""
    if raw.count(",") >= queries.MAX_LIMIT:
        raise BadRequest(f"{name} names more than {queries.MAX_LIMIT} accounts")
    return [address(name, part) for part in raw.split(",")]


def address(name: str, raw: str) -> str:
    """An account, checksummed. Upper and lower case are taken as they come."""
    if not is_hex_address(raw) or not raw.startswith("0x"):
        raise BadRequest(f"{name} is {raw[:50]!r}; give an address of 0x and 40 hexadecimal digits")
    return to_checksum_address(raw)


def optional_address(request: Request, name: str) -> str | None:
    """An account to filter by."""
    raw = request.query_params.get(name)
    return None if raw is None else address(name, raw)


def model_key(raw: str) -> str:
    """A model's id or name."""
    if not _NAME.fullmatch(raw):
        raise BadRequest(f"{raw[:130]!r} is neither a model's id nor a name of the form namespace/name")
    if raw.isdecimal():
        integer("id", raw)
    return raw


def key(raw: str) -> str:
    """A dataset's id or slug."""
    if not _KEY.fullmatch(raw):
        raise BadRequest(f"{raw[:70]!r} is neither a dataset's id nor a slug of a-z, 0-9 and -")
    if raw.isdecimal() and int(raw) >= 1 << 63:
        raise BadRequest(f"{raw} is larger than any dataset's id")
    return raw
