"""`POST /v1/chat/completions`: quote, take the payment, serve, write the receipt."""

import asyncio
import logging
import secrets
from dataclasses import replace

from x402.schemas import ResourceInfo

from offchain.facilitator.errors import PaymentError, Refused
from offchain.facilitator.payment import Terms, parse_header
from offchain.relay.answer import Answers, Job
from offchain.relay.cashier import Cashier
from offchain.relay.client import Client, ClientGone
from offchain.relay.config import ModelConfig, RelayConfig
from offchain.relay.errors import ApiError
from offchain.relay.journal import Journal
from offchain.relay.metrics import Metrics
from offchain.relay.offers import dollars, offer, settled
from offchain.relay.pricing import price
from offchain.relay.providers import Provider, Providers
from offchain.relay.request import ChatRequest, parse
from offchain.service.database import JournalBusy

log = logging.getLogger(__name__)

MAX_HOST = 255
STAYS_GOOD = "; what was paid stays good: repeat the request with the same payment header"


class Chat:
    """The handler. `terms` are those of every request but for the amount."""

    def __init__(
        self,
        config: RelayConfig,
        terms: Terms,
        cashier: Cashier,
        journal: Journal,
        providers: Providers,
        metrics: Metrics,
    ) -> None:
        self._limits = config.limits
        self._public_url = config.public_url
        self._terms = terms
        self._cashier = cashier
        self._providers = providers
        self._answers = Answers(journal, providers, metrics, config.limits)
        self._metrics = metrics
        self._running = 0
        self.models: dict[str, ModelConfig] = {}
        for model in config.models:
            for name in (model.id, *model.aliases):
                self.models[name] = model

    async def handle(self, client: Client) -> None:
        """Answers one request, whatever it is."""
        request_id = "req_" + secrets.token_hex(12)
        client.answering["x-request-id"] = request_id
        try:
            status, code = await self._handle(client, request_id)
        except ApiError as error:
            status, code = error.status, error.code
            await client.error(error)
        except ClientGone:
            status, code = 499, "client_gone"
        except Exception:
            status, code = 500, "internal_error"
            log.exception("%s failed", request_id)
            if not client.started:
                await client.error(ApiError("internal_error", f"an error of ours; it is logged as {request_id}"))
        self._metrics.requests.labels(status, code).inc()

    async def _handle(self, client: Client, request_id: str) -> tuple[int, str]:
        request = parse(await client.body(self._limits), self._limits)
        model = self.models.get(request.model)
        if model is None:
            known = ", ".join(sorted({model.id for model in self.models.values()})[:20])
            raise ApiError(
                "model_not_found",
                f"no model {request.model[:80]!r}; these are served: {known}",
                param="model",
            )
        terms = replace(self._terms, amount=price(request, model, self._limits))
        order = self._providers.choose(model, request.provider)
        header = client.header(b"payment-signature") or client.header(b"x-payment")
        if header is None:
            return await self._ask(
                client,
                terms,
                model,
                ApiError(
                    "payment_required",
                    f"this request costs {dollars(terms.amount)} in USDC; pay by x402 and repeat it",
                ),
            )
        # Repeating the request by itself, as some clients do, would pay a second time.
        client.answering["x-should-retry"] = "false"
        if self._running >= self._limits.max_concurrent:
            raise ApiError(
                "overloaded",
                f"{self._running} requests are under way; nothing was paid, repeat this one later",
                headers={"retry-after": "1"},
            )
        self._running += 1
        try:
            with self._metrics.running.track_inprogress():
                async with client.watched(), asyncio.timeout(self._limits.deadline_s) as deadline:
                    return await self._paid(client, request, model, terms, order, header, request_id, deadline)
        except Refused as refused:
            status = 402
            return await self._ask(client, terms, model, ApiError(refused.code, refused.message, status=status))
        except PaymentError as error:
            raise ApiError(error.code, error.message, headers={"retry-after": "5"}) from error
        except JournalBusy as error:
            raise ApiError("overloaded", str(error), headers={"retry-after": "1"}) from error
        except TimeoutError:
            late = ApiError("upstream_timeout", f"not done within {self._limits.deadline_s} s")
            if not client.started:
                late.message += STAYS_GOOD
                raise late from None
            await client.break_off(late)
            return 200, late.code
        finally:
            self._running -= 1

    async def _ask(self, client: Client, terms: Terms, model: ModelConfig, error: ApiError) -> tuple[int, str]:
        base = self._public_url
        if base is None:
            base = f"{client.scheme}://{(client.header(b'host') or 'localhost')[:MAX_HOST]}"
        resource = ResourceInfo(
            url=base.rstrip("/") + client.path,
            description=f"Chat completion by {model.id}",
            mime_type="application/json",
        )
        headers, body = offer(terms, resource, error, only_v1=client.header(b"x402-version") == "1")
        await client.answer(402, body, headers)
        return 402, error.code

    async def _paid(
        self,
        client: Client,
        request: ChatRequest,
        model: ModelConfig,
        terms: Terms,
        order: list[Provider],
        header: str,
        request_id: str,
        deadline: asyncio.Timeout,
    ) -> tuple[int, str]:
        payment = parse_header(header)
        with self._metrics.settle_seconds.time():
            ticket = await self._cashier.take(payment, terms, request.digest, request_id)
        try:
            name, value = settled(payment, ticket.price, ticket.transaction)
            client.answering[name] = value
            job = Job(request, model, ticket, request_id, deadline)
            await (
                self._answers.stream(client, job, order) if request.stream else self._answers.whole(client, job, order)
            )
        except ApiError as error:
            # From here on the payment is settled.
            error.message += STAYS_GOOD
            raise
        finally:
            ticket.release()
        return 200, "ok"
