"""How answers look: JSON, CSV, errors."""

import csv
import io
from typing import Any

import msgspec
from starlette.responses import Response

from indexer.api.queries import Page, camel

# A spreadsheet takes a cell that begins like this for a formula, and anybody may choose a dataset's URI.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_json(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """JSON; amounts are decimal strings."""
    return Response(msgspec.json.encode(value), status, headers, "application/json")


def error(status: int, code: str, message: str) -> Response:
    """The one form of error that the API gives."""
    return as_json({"error": {"message": message, "code": code}}, status)


def as_csv(page: Page, headers: dict[str, str]) -> Response:
    """CSV with a header line; `x-next` says where the next page begins. Lists within a row are JSON."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    names = [camel(column) for column in page.columns]
    writer.writerow(names)
    writer.writerows([_cell(row[name]) for name in names] for row in page.rows)
    if page.next:
        headers = {**headers, "x-next": page.next}
    return Response(text.getvalue(), headers=headers, media_type="text/csv; charset=utf-8; header=present")


def _cell(value: Any) -> Any:
    if isinstance(value, list | bool):
        return msgspec.json.encode(value).decode()
    if isinstance(value, str) and value.startswith(_FORMULA):
        return "'" + value
    return value
