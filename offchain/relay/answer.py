"""Serving what was paid for, and the receipt of it.

An answer's end is sent only after its receipt is durable: whoever has a whole answer has been written down,
and whoever was cut off by a crash may repeat the request.
"""

import asyncio
import hashlib
from dataclasses import dataclass, field

import aiohttp

from offchain.relay.cashier import Ticket
from offchain.relay.client import Client
from offchain.relay.config import LimitsConfig, ModelConfig
from offchain.relay.errors import ApiError
from offchain.relay.journal import Journal, Receipt, now_ms
from offchain.relay.metrics import Metrics
from offchain.relay.pricing import prompt_tokens
from offchain.relay.providers import Provider, Providers, Stream
from offchain.relay.request import ChatRequest
from offchain.relay.sse import DONE, Meter, StreamBroken, is_done
from offchain.relay.usage import usage_of

SSE = b"text/event-stream; charset=utf-8"


@dataclass(frozen=True)
class Job:
    """A paid request."""

    request: ChatRequest
    model: ModelConfig
    ticket: Ticket
    request_id: str
    deadline: asyncio.Timeout
    started_at: int = field(default_factory=now_ms)


class Answers:
    """Serves jobs."""

    def __init__(self, journal: Journal, providers: Providers, metrics: Metrics, limits: LimitsConfig) -> None:
        self._journal = journal
        self._providers = providers
        self._metrics = metrics
        self._limits = limits

    async def whole(self, client: Client, job: Job, order: list[Provider]) -> None:
        """An answer in one piece. Raises `ApiError` if there is none."""
        answer = await self._providers.whole(job.request, job.model, order)
        counted = usage_of(answer.usage, prompt_tokens(job.request, self._limits), answer.choices)
        digest = hashlib.sha256(answer.body).digest()
        receipt = self._receipt(job, answer.provider, counted, digest, complete=True)
        await self._journal.serving(job.ticket.key, receipt)
        await client.answer(200, answer.body)
        self._journal.served(job.ticket.key)

    async def stream(self, client: Client, job: Job, order: list[Provider]) -> None:
        """A stream. Raises `ApiError` if none begins; once it has begun, what goes wrong is told inside
        it.
        """
        meter = Meter(job.request.wants_usage)
        stream = await self._providers.stream(job.request, job.model, order, meter)
        complete = ending = False
        try:
            await client.start(200, SSE, {"cache-control": "no-cache", "x-accel-buffering": "no"})
            problem = await self._forward(client, stream, meter)
            if problem is None:
                complete = True
                await self._journal.serving(job.ticket.key, self._metered(job, stream.provider, meter, complete=True))
                meter.delivered(DONE)
                await client.write(DONE, more=False)
                self._journal.served(job.ticket.key)
            else:
                await client.break_off(problem)
        except asyncio.CancelledError:
            # If it is neither the client nor the clock, this process is told to end: as after a crash, the payment
            # stays good.
            ending = not client.gone and not job.deadline.expired()
            raise
        finally:
            stream.close()
            if not complete and not ending:
                # Broken by the provider, by the deadline or by the client's leaving: what was delivered is
                # paid.
                self._journal.broken(job.ticket.key, self._metered(job, stream.provider, meter, complete=False))

    async def _forward(self, client: Client, stream: Stream, meter: Meter) -> ApiError | None:
        """Everything up to the end of a stream; what broke it, if something did."""
        try:
            meter.delivered(stream.first)
            await client.write(stream.first)
            async for event in stream.rest:
                if is_done(event):
                    return None
                seen = meter.see(event)
                if seen is not None:
                    meter.delivered(seen)
                    await client.write(seen)
        except TimeoutError:
            return ApiError("upstream_timeout", f"{stream.provider.name} fell silent in the middle of its answer")
        except (StreamBroken, aiohttp.ClientError) as error:
            told = str(error) if isinstance(error, StreamBroken) else type(error).__name__
            return ApiError("upstream_failed", f"{stream.provider.name} broke off its answer: {told}")
        return ApiError("upstream_failed", f"{stream.provider.name} ended its answer without saying so")

    def _metered(self, job: Job, provider: Provider, meter: Meter, *, complete: bool) -> Receipt:
        counted = meter.tokens(prompt_tokens(job.request, self._limits))
        return self._receipt(job, provider, counted, meter.digest, complete=complete)

    def _receipt(
        self, job: Job, provider: Provider, counted: tuple[int, int, str], digest: bytes, *, complete: bool
    ) -> Receipt:
        tokens_in, tokens_out, counted_by = counted
        model, ticket = job.model.id, job.ticket
        self._metrics.paid.labels(model).inc(ticket.price)
        self._metrics.tokens.labels(model, "in").inc(tokens_in)
        self._metrics.tokens.labels(model, "out").inc(tokens_out)
        return Receipt(
            request_id=job.request_id,
            model=model,
            provider=provider.name,
            tokens_in=tokens_in,
            tokens_out=tokens_out,
            tokens_counted_by=counted_by,
            price=ticket.price,
            transaction_hash=ticket.transaction,
            input_hash=job.request.digest,
            output_hash=digest,
            complete=complete,
            started_at=job.started_at,
            finished_at=now_ms(),
        )
