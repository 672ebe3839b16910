"""Errors as OpenAI's API shows them, with codes that stay."""

from typing import Any

import msgspec

# Code → HTTP status. docs/relay.md shows this table; a test compares the two.
CODES: dict[str, int] = {
    "invalid_json": 400,
    "invalid_request": 400,
    "max_tokens_too_large": 400,
    "context_length_exceeded": 400,
    "request_rejected_by_provider": 400,
    "payment_required": 402,
    "not_found": 404,
    "model_not_found": 404,
    "provider_not_found": 404,
    "method_not_allowed": 405,
    "request_timeout": 408,
    "payment_in_flight": 409,
    "payment_for_another_request": 409,
    "body_too_large": 413,
    "headers_too_large": 431,
    "internal_error": 500,
    "upstream_failed": 502,
    "overloaded": 503,
    "no_provider_available": 503,
    "payment_pending": 503,
    "chain_unavailable": 503,
    "facilitator_busy": 503,
    "facilitator_unavailable": 503,
    "upstream_timeout": 504,
}

_TYPES = {
    400: "invalid_request_error",
    402: "insufficient_quota",
    404: "invalid_request_error",
    429: "rate_limit_error",
}


class ApiError(Exception):
    """Becomes an answer with an OpenAI error body. `status` defaults to the code's."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        param: str | None = None,
        status: int | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.param = param
        self.status = CODES[code] if status is None else status
        self.headers = headers or {}

    def error(self) -> dict[str, Any]:
        """The `error` object."""
        kind = _TYPES.get(self.status, "invalid_request_error" if self.status < 500 else "server_error")
        return {"message": self.message, "type": kind, "param": self.param, "code": self.code}

    def body(self) -> bytes:
        """The whole body, as JSON."""
        return msgspec.json.encode({"error": self.error()})
