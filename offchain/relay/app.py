"""The relay as an ASGI application."""

import contextlib
import os
import time
from collections.abc import AsyncIterator

import msgspec
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from cluster.chain.eip3009 import Domain, NotAnAuthorizationToken, read_decimals, read_domain
from cluster.chain.rpc import Rpc
from offchain.facilitator.facilitator import Facilitator, Settles
from offchain.facilitator.hotkey import HotKey
from offchain.facilitator.networks import v1_name
from offchain.facilitator.payment import Terms
from offchain.facilitator.remote import RemoteFacilitator
from offchain.relay.cashier import Cashier
from offchain.relay.catalogue import catalogue
from offchain.relay.chat import Chat
from offchain.relay.client import Client
from offchain.relay.config import RelayConfig, check
from offchain.relay.errors import ApiError
from offchain.relay.journal import Journal
from offchain.relay.metrics import Metrics
from offchain.relay.providers import Providers
from offchain.service.errors import SettingsError
from offchain.service.serving import Service
from offchain.service.settings import checksummed

CHAT = "/v1/chat/completions"
DECIMALS = 6
"""Of USDC: one unit is one micro-dollar."""
READY_AGE_S = 2.0


def create_app(config: RelayConfig) -> Service:
    """The application. Raises `SettingsError`, `KeyUnusable`; what needs the chain fails when it starts."""
    check(config)
    metrics = Metrics()
    providers = Providers(config, metrics)
    key = None
    if config.facilitator.url is None:
        key = HotKey.load(config.settlement.key_file, config.settlement.key_env)
    relay = Relay(config, metrics)

    @contextlib.asynccontextmanager
    async def running() -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as stack:
            rpc = await stack.enter_async_context(Rpc(config.chain.rpc))
            domain = await _domain(rpc, config)
            facilitator = _facilitator(config, rpc, domain, key)
            stack.push_async_callback(facilitator.stop)
            await facilitator.start()
            journal = Journal(config.journal)
            stack.callback(journal.close)
            terms = Terms(
                domain=domain,
                v1_network=config.payment.v1_network or v1_name(domain.chain_id),
                pay_to=checksummed(config.payment.pay_to),
                amount=0,
                timeout_s=config.payment.timeout_s,
            )
            cashier = Cashier(journal, facilitator, config.settlement.confirm_timeout_s)
            stack.push_async_callback(cashier.stop)
            await cashier.recover(terms)
            await providers.start()
            stack.push_async_callback(providers.stop)
            relay.facilitator = facilitator
            relay.chat = Chat(config, terms, cashier, journal, providers, metrics)
            yield

    return Service(relay, running)


async def _domain(rpc: Rpc, config: RelayConfig) -> Domain:
    domain = await read_domain(rpc, config.payment.asset)
    decimals = await read_decimals(rpc, config.payment.asset)
    if decimals != DECIMALS:
        raise NotAnAuthorizationToken(
            f"payment.asset {config.payment.asset} has {decimals} decimals; prices in micro-dollars need 6"
        )
    return domain


def _facilitator(config: RelayConfig, rpc: Rpc, domain: Domain, key: HotKey | None) -> Settles:
    if key is not None:
        return Facilitator(rpc, domain, key, config.settlement)
    token = None
    if config.facilitator.token_env is not None:
        token = os.environ.get(config.facilitator.token_env)
        if not token:
            raise SettingsError([f"facilitator.token_env: the variable {config.facilitator.token_env} is not set"])
    return RemoteFacilitator(rpc, domain, str(config.facilitator.url), token)


class Relay:
    """Routing: the paid route by itself, everything else by Starlette."""

    def __init__(self, config: RelayConfig, metrics: Metrics) -> None:
        self.chat: Chat | None = None
        self.facilitator: Settles | None = None
        self._metrics = metrics
        self._models = catalogue(config)
        self._ready: tuple[float, str | None] = (float("-inf"), None)
        self._others = Starlette(
            routes=[
                Route("/v1/models", self._list_models),
                Route("/v1/models/{id:path}", self._one_model),
                Route("/healthz", self._healthz),
                Route("/readyz", self._readyz),
                Route("/metrics", self._show_metrics),
            ],
            exception_handlers={HTTPException: _http_error, ApiError: _api_error, Exception: _unexpected},
        )
        self._others.router.redirect_slashes = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != CHAT or self.chat is None:
            await self._others(scope, receive, send)
            return
        client = Client(scope, receive, send)
        if scope["method"] == "POST":
            await self.chat.handle(client)
        else:
            await client.error(_wrong_method(scope["method"], "POST"))

    async def _list_models(self, _: Request) -> Response:
        return _json({"object": "list", "data": list({m["id"]: m for m in self._models.values()}.values())})

    async def _one_model(self, request: Request) -> Response:
        found = self._models.get(request.path_params["id"])
        if found is None:
            raise ApiError("model_not_found", f"no model {request.path_params['id'][:80]!r}; GET /v1/models lists them")
        return _json(found)

    async def _healthz(self, _: Request) -> Response:
        return _json({"status": "ok"})

    async def _readyz(self, _: Request) -> Response:
        asked, problem = self._ready
        if time.monotonic() - asked > READY_AGE_S:
            problem = "starting" if self.facilitator is None else await self.facilitator.problem()
            self._ready = (time.monotonic(), problem)
        return _json({"status": "not ready", "problem": problem}, 503) if problem else _json({"status": "ok"})

    async def _show_metrics(self, _: Request) -> Response:
        return Response(generate_latest(self._metrics.registry), media_type=CONTENT_TYPE_LATEST)


def _json(value: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")


def _wrong_method(method: str, allowed: str) -> ApiError:
    return ApiError("method_not_allowed", f"{method} is not possible here; use {allowed}", headers={"allow": allowed})


async def _api_error(_: Request, error: Exception) -> Response:
    if not isinstance(error, ApiError):
        raise error
    return Response(error.body(), error.status, error.headers, "application/json")


async def _http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == 405:
        return await _api_error(request, _wrong_method(request.method, "GET"))
    if status == 404:
        message = f"no such path: {request.url.path[:200]}; this relay has /v1/models and {CHAT}"
        return await _api_error(request, ApiError("not_found", message))
    return await _api_error(request, ApiError("invalid_request", str(getattr(error, "detail", "")), status=status))


async def _unexpected(request: Request, _: Exception) -> Response:
    return await _api_error(request, ApiError("internal_error", "an error of ours; it is in the log"))
