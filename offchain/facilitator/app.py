"""The facilitator as an HTTP service: `/verify`, `/settle`, `/supported`, `/healthz`, `/readyz`."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from hmac import compare_digest
from pathlib import Path
from typing import Any

import msgspec
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from x402.schemas import PaymentRequirements, SettleResponse, VerifyResponse
from x402.schemas.v1 import PaymentRequirementsV1

from cluster.chain.eip3009 import read_domain
from cluster.chain.rpc import Rpc
from offchain.facilitator.config import SettlementConfig
from offchain.facilitator.errors import Pending, Refused, Unavailable
from offchain.facilitator.facilitator import Facilitator
from offchain.facilitator.hotkey import HotKey
from offchain.facilitator.networks import caip2, v1_name
from offchain.facilitator.payment import Payment, Terms, parse_payload
from offchain.service.database import JournalBusy
from offchain.service.errors import SettingsError
from offchain.service.nesting import TooDeep, check_depth
from offchain.service.serving import Service
from offchain.service.settings import check_address, checksummed, read_settings

MAX_BODY_BYTES = 64 * 1024
BODY_TIMEOUT_S = 15
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class FacilitatorConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Settings of a facilitator that runs by itself."""

    rpc: list[str]
    """Nodes of the one chain it serves, in order of preference."""
    asset: str
    """Address of the one token it takes: any other could cost it gas for nothing."""
    host: str = "127.0.0.1"
    port: int = 8402
    auth_token_env: str | None = None
    """Environment variable with the bearer token that callers must show. Without it anybody who reaches the port can
    spend the hot key's gas, so only the loopback interface is served."""
    settlement: SettlementConfig = SettlementConfig()


def load_config(path: Path | None) -> FacilitatorConfig:
    """Reads a TOML file and `CLUSTER_FACILITATOR_*` variables. Raises `SettingsError`."""
    config = read_settings(FacilitatorConfig, path, "CLUSTER_FACILITATOR")
    problems = [f"settlement.{problem}" for problem in config.settlement.problems()]
    problems += check_address("asset", config.asset)
    if not config.rpc:
        problems.append("rpc must name at least one node")
    if config.host not in LOOPBACK and config.auth_token_env is None:
        problems.append(f"auth_token_env must be set to serve {config.host}: anybody there could spend the key's gas")
    if problems:
        raise SettingsError(problems)
    return config


def create_app(config: FacilitatorConfig) -> Service:
    """The ASGI application."""
    token = None
    if config.auth_token_env is not None:
        token = os.environ.get(config.auth_token_env)
        if not token:
            raise SettingsError([f"auth_token_env: the environment variable {config.auth_token_env} is not set"])
    key = HotKey.load(config.settlement.key_file, config.settlement.key_env)

    def guarded(
        handler: Callable[[Request], Awaitable[Response]],
    ) -> Callable[[Request], Awaitable[Response]]:
        async def guard(request: Request) -> Response:
            shown = request.headers.get("authorization", "")
            if token is not None and not compare_digest(shown.encode(), f"Bearer {token}".encode()):
                return JSONResponse({"error": "authorization: Bearer <token> is missing or wrong"}, 401)
            return await handler(request)

        return guard

    app = Starlette(
        routes=[
            Route("/verify", guarded(_verify), methods=["POST"]),
            Route("/settle", guarded(_settle), methods=["POST"]),
            Route("/supported", guarded(_supported)),
            Route("/healthz", _healthz),
            Route("/readyz", _readyz),
        ],
        exception_handlers={HTTPException: _http_error, JournalBusy: _busy, Exception: _http_error},
    )

    @contextlib.asynccontextmanager
    async def running() -> AsyncIterator[None]:
        async with Rpc(config.rpc) as rpc:
            facilitator = Facilitator(rpc, await read_domain(rpc, config.asset), key, config.settlement)
            try:
                await facilitator.start()
                app.state.facilitator = facilitator
                yield
            finally:
                await facilitator.stop()

    return Service(app, running)


async def _http_error(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return JSONResponse({"error": str(getattr(error, "detail", "internal error"))}, status)


async def _busy(_: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 503, {"retry-after": "1"})


async def _read(request: Request) -> tuple[Payment, Terms]:
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            async for part in request.stream():
                body += part
                if len(body) > MAX_BODY_BYTES:
                    raise HTTPException(413, f"the body is above {MAX_BODY_BYTES} bytes")
    except TimeoutError:
        raise HTTPException(408, f"the body took more than {BODY_TIMEOUT_S} s") from None
    try:
        check_depth(bytes(body))
        raw = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, TooDeep, UnicodeDecodeError) as error:
        raise HTTPException(400, "the body is not a JSON object") from error
    facilitator: Facilitator = request.app.state.facilitator
    payment = parse_payload(raw.get("paymentPayload"))
    return payment, _terms(raw.get("paymentRequirements"), payment.version, facilitator)


def _terms(raw: Any, version: int, facilitator: Facilitator) -> Terms:
    domain = facilitator.domain
    try:
        found: PaymentRequirements | PaymentRequirementsV1
        if version == 2:
            found, network = PaymentRequirements.model_validate(raw), caip2(domain.chain_id)
        else:
            found, network = PaymentRequirementsV1.model_validate(raw), v1_name(domain.chain_id)
        amount = found.get_amount()
        if not amount.isascii() or not amount.isdecimal() or len(amount) > 78:
            raise Refused("payment_malformed", "the amount in paymentRequirements must be a decimal integer")
    except ValidationError as error:
        raise HTTPException(400, f"paymentRequirements are not those of x402 v{version}") from error
    if found.scheme != "exact":
        raise Refused("payment_unsupported", "only the scheme `exact` is settled here")
    if found.network != network:
        raise Refused("payment_wrong_network", f"only {network} is settled here")
    if found.asset.lower() != domain.verifying_contract.lower():
        raise Refused("payment_wrong_asset", f"only {domain.verifying_contract} is settled here")
    problems = check_address("payTo", found.pay_to)
    if problems:
        raise Refused("payment_malformed", problems[0])
    return Terms(domain, v1_name(domain.chain_id), checksummed(found.pay_to), int(amount), found.max_timeout_seconds)


async def _verify(request: Request) -> Response:
    try:
        payment, terms = await _read(request)
        checked = await request.app.state.facilitator.verify(payment, terms)
        answer = VerifyResponse(is_valid=True, payer=checked.payment.payer)
    except Refused as refused:
        answer = VerifyResponse(
            is_valid=False,
            invalid_reason=refused.x402_reason,
            invalid_message=refused.message,
            payer=refused.payer,
        )
    except Unavailable as unavailable:
        raise HTTPException(503, unavailable.message) from unavailable
    return JSONResponse(answer.model_dump(by_alias=True, exclude_none=True))


async def _settle(request: Request) -> Response:
    facilitator: Facilitator = request.app.state.facilitator
    network = caip2(facilitator.domain.chain_id)
    try:
        payment, terms = await _read(request)
        network = payment.network
        try:
            checked = await facilitator.verify(payment, terms)
            transaction = await facilitator.settle_in_time(checked)
        except Refused as refused:
            # Asked again for a payment settled here before: the same answer as then.
            used = refused.code == "payment_already_used"
            earlier = await facilitator.earlier(payment, terms) if used else None
            if earlier is None:
                raise
            transaction = earlier
        answer = SettleResponse(
            success=True,
            payer=payment.payer,
            transaction=transaction,
            network=network,
            amount=str(terms.amount),
        )
    except Refused as refused:
        answer = SettleResponse(
            success=False,
            error_reason=refused.x402_reason,
            error_message=refused.message,
            payer=refused.payer,
            transaction="",
            network=network,
        )
    except Pending as pending:
        answer = SettleResponse(
            success=False,
            error_reason="settlement_pending",
            error_message=pending.message,
            payer=pending.payer,
            transaction=pending.transaction,
            network=network,
        )
    except Unavailable as unavailable:
        raise HTTPException(503, unavailable.message) from unavailable
    return JSONResponse(answer.model_dump(by_alias=True, exclude_none=True))


async def _supported(request: Request) -> Response:
    return JSONResponse(request.app.state.facilitator.supported().model_dump(by_alias=True, exclude_none=True))


async def _healthz(_: Request) -> Response:
    return JSONResponse({"status": "ok"})


async def _readyz(request: Request) -> Response:
    problem = await request.app.state.facilitator.problem()
    return JSONResponse(
        {"status": "not ready", "problem": problem} if problem else {"status": "ok"}, 503 if problem else 200
    )
