"""The upstreams: which to ask, and what counts as an answer."""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
import msgspec

from offchain.relay.config import LimitsConfig, ModelConfig, ProviderConfig, RelayConfig
from offchain.relay.errors import ApiError
from offchain.relay.metrics import Metrics
from offchain.relay.request import ChatRequest
from offchain.relay.sse import Meter, StreamBroken, data_of, events, is_done
from offchain.relay.usage import Usage
from offchain.service.errors import SettingsError
from offchain.service.nesting import TooDeep, check_depth

REST_S = 10.0
"""How long a provider that failed is asked last."""
# The request is to blame for these; another provider would say the same.
_CLIENT_ERRORS = {400, 413, 422}


class ProviderFailed(Exception):
    """No usable answer from this provider, and nothing of one was delivered; another may be asked."""

    def __init__(self, provider: str, reason: str, *, timeout: bool = False) -> None:
        super().__init__(f"{provider}: {reason}")
        self.timeout = timeout


class _Answer(msgspec.Struct):
    choices: list[msgspec.Raw]
    usage: Usage | None = None


class _Refusal(msgspec.Struct):
    error: msgspec.Raw = msgspec.Raw(b"null")


class _RefusalError(msgspec.Struct):
    message: str = ""


_answer = msgspec.json.Decoder(_Answer)


@dataclass
class Provider:
    """An upstream and how it has been doing."""

    config: ProviderConfig
    headers: dict[str, str]
    failed_at: float = field(default=float("-inf"))

    @property
    def name(self) -> str:
        return self.config.name

    @property
    def resting(self) -> bool:
        return time.monotonic() - self.failed_at < REST_S


@dataclass
class Stream:
    """A stream that has begun: its first event is here, the others come from `rest`."""

    provider: Provider
    first: bytes
    rest: AsyncIterator[bytes]
    response: aiohttp.ClientResponse

    def close(self) -> None:
        """Gives the connection up, which tells the provider to stop."""
        self.response.close()


@dataclass(frozen=True)
class Whole:
    """An answer in one piece."""

    provider: Provider
    body: bytes
    usage: Usage | None
    choices: int


class Providers:
    """All upstreams. `start` before use, `stop` after."""

    def __init__(self, config: RelayConfig, metrics: Metrics) -> None:
        self._limits: LimitsConfig = config.limits
        self._metrics = metrics
        self._providers = [Provider(provider, _headers(provider)) for provider in config.providers]
        connect, idle = config.limits.connect_timeout_s, config.limits.idle_timeout_s
        self._stream_timeout = aiohttp.ClientTimeout(total=None, sock_connect=connect, sock_read=idle)
        self._whole_timeout = aiohttp.ClientTimeout(total=config.limits.whole_timeout_s, sock_connect=connect)
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=2 * self._limits.max_concurrent, ttl_dns_cache=60),
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def stop(self) -> None:
        if self._session is not None:
            await self._session.close()

    def choose(self, model: ModelConfig, pinned: str | None) -> list[Provider]:
        """Who to ask, in that order. Raises `ApiError` for a pinned one that does not offer the model."""
        offering = [provider for provider in self._providers if model.id in provider.config.models]
        if pinned is not None:
            offering = [provider for provider in offering if provider.name == pinned]
            if not offering:
                known = ", ".join(p.name for p in self._providers if model.id in p.config.models)
                raise ApiError(
                    "provider_not_found",
                    f"no provider {pinned[:80]!r} offers {model.id}; these do: {known}",
                    param="provider",
                )
        return sorted(offering, key=lambda provider: provider.resting)

    async def whole(self, request: ChatRequest, model: ModelConfig, order: list[Provider]) -> Whole:
        """An answer in one piece from the first provider that gives one. Raises `ApiError`."""
        failures = []
        for provider in order:
            try:
                return await self._whole(provider, request, model)
            except ProviderFailed as failure:
                failures.append(self._failed(provider, failure))
        raise _all_failed(failures)

    async def stream(self, request: ChatRequest, model: ModelConfig, order: list[Provider], meter: Meter) -> Stream:
        """A stream from the first provider that begins one. Raises `ApiError`."""
        failures = []
        for provider in order:
            try:
                return await self._stream(provider, request, model, meter)
            except ProviderFailed as failure:
                failures.append(self._failed(provider, failure))
        raise _all_failed(failures)

    def _failed(self, provider: Provider, failure: ProviderFailed) -> ProviderFailed:
        provider.failed_at = time.monotonic()
        self._metrics.upstream_failures.labels(provider.name).inc()
        return failure

    async def _whole(self, provider: Provider, request: ChatRequest, model: ModelConfig) -> Whole:
        started = time.monotonic()
        async with self._asked(provider):
            response = await self._post(provider, request, model)
            try:
                body = await self._bounded(provider, response)
            finally:
                response.release()
        if response.status in _CLIENT_ERRORS:
            raise _rejected(provider, response.status, body)
        if response.status != 200:
            raise ProviderFailed(provider.name, f"status {response.status}")
        try:
            check_depth(body)
            answer = _answer.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, TooDeep) as error:
            raise ProviderFailed(provider.name, "the answer is not a chat completion") from error
        if not answer.choices:
            raise ProviderFailed(provider.name, "an answer without choices")
        self._metrics.upstream_seconds.labels(provider.name).observe(time.monotonic() - started)
        return Whole(provider, _renamed(body, provider, model), answer.usage, len(answer.choices))

    async def _stream(self, provider: Provider, request: ChatRequest, model: ModelConfig, meter: Meter) -> Stream:
        started = time.monotonic()
        response: aiohttp.ClientResponse | None = None
        try:
            async with asyncio.timeout(self._limits.first_byte_timeout_s), self._asked(provider):
                response = await self._post(provider, request, model)
                if response.status in _CLIENT_ERRORS:
                    raise _rejected(provider, response.status, await self._bounded(provider, response))
                if response.status != 200 or response.content_type != "text/event-stream":
                    raise ProviderFailed(provider.name, f"status {response.status}, {response.content_type}")
                rest = events(response.content.iter_any())
                async for event in rest:
                    if is_done(event):
                        break
                    seen = meter.see(event)
                    # What says nothing yet does not bind the request to this provider.
                    if seen is not None and data_of(event):
                        self._metrics.upstream_seconds.labels(provider.name).observe(time.monotonic() - started)
                        first = _renamed(seen, provider, model)
                        return Stream(provider, first, _named(rest, provider, model), response)
                raise ProviderFailed(provider.name, "the stream ended before it began")
        except TimeoutError as error:
            _close(response)
            raise ProviderFailed(provider.name, "no answer in time", timeout=True) from error
        except StreamBroken as error:
            _close(response)
            raise ProviderFailed(provider.name, str(error)) from error
        except BaseException:
            _close(response)
            raise

    @contextlib.asynccontextmanager
    async def _asked(self, provider: Provider) -> AsyncIterator[None]:
        try:
            yield
        except TimeoutError as error:
            raise ProviderFailed(provider.name, "no answer in time", timeout=True) from error
        except aiohttp.ClientError as error:
            raise ProviderFailed(provider.name, type(error).__name__) from error

    async def _post(self, provider: Provider, request: ChatRequest, model: ModelConfig) -> aiohttp.ClientResponse:
        if self._session is None:
            raise RuntimeError("start() was not awaited")
        return await self._session.post(
            provider.config.url.rstrip("/") + "/chat/completions",
            data=request.upstream_body(model, provider.config.models[model.id]),
            headers=provider.headers,
            allow_redirects=False,
            timeout=self._stream_timeout if request.stream else self._whole_timeout,
        )

    async def _bounded(self, provider: Provider, response: aiohttp.ClientResponse) -> bytes:
        body = bytearray()
        async for part in response.content.iter_any():
            body += part
            if len(body) > self._limits.max_answer_bytes:
                response.close()
                raise ProviderFailed(provider.name, f"an answer above {self._limits.max_answer_bytes} bytes")
        return bytes(body)


def _close(response: aiohttp.ClientResponse | None) -> None:
    if response is not None:
        response.close()


def _headers(provider: ProviderConfig) -> dict[str, str]:
    headers = {"content-type": "application/json"}
    if provider.api_key_env is not None:
        key = os.environ.get(provider.api_key_env)
        if not key:
            raise SettingsError(
                [f"providers.{provider.name}.api_key_env: the variable {provider.api_key_env} is not set"]
            )
        headers["authorization"] = f"Bearer {key}"
    return headers


def _renamed(data: bytes, provider: Provider, model: ModelConfig) -> bytes:
    """The answer under the name by which the client asked."""
    theirs = provider.config.models[model.id]
    if theirs == model.id:
        return data
    # Inside a JSON string quotes are escaped, so this can only be the field.
    for separator in (b"", b" "):
        old = b'"model":' + separator + msgspec.json.encode(theirs)
        if old in data:
            return data.replace(old, b'"model":' + separator + msgspec.json.encode(model.id), 1)
    return data


async def _named(rest: AsyncIterator[bytes], provider: Provider, model: ModelConfig) -> AsyncIterator[bytes]:
    async for event in rest:
        yield _renamed(event, provider, model)


def _rejected(provider: Provider, status: int, body: bytes) -> ApiError:
    """What a provider found wrong with a request, in its own words, without its headers."""
    message = ""
    with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError, TooDeep):
        check_depth(body)
        message = msgspec.json.decode(msgspec.json.decode(body, type=_Refusal).error, type=_RefusalError).message
    return ApiError(
        "request_rejected_by_provider",
        f"{provider.name} refused the request ({status}): {message[:500] or 'no reason given'}",
    )


def _all_failed(failures: list[ProviderFailed]) -> ApiError:
    timeout = bool(failures) and all(failure.timeout for failure in failures)
    told = "; ".join(str(failure) for failure in failures) or "none offers this model"
    return ApiError(
        "upstream_timeout" if timeout else "upstream_failed",
        f"no provider answered: {told}",
        headers={"retry-after": "5"},
    )
