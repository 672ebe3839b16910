"""The scene in which an agent with nothing but a wallet gets a streamed answer: 402, payment, tokens."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

import openai
from eth_account.signers.local import LocalAccount
from openai.types.chat import ChatCompletionMessageParam
from x402 import x402Client
from x402.http.clients import x402HttpxClient
from x402.http.utils import decode_payment_response_header
from x402.mechanisms.evm.exact.register import register_exact_evm_client
from x402.mechanisms.evm.signers import EthAccountSigner

from cluster.demo.chain import Chain
from cluster.demo.errors import NotAsTold
from cluster.demo.record import Amount, Entry

QUESTION = "Name three things that penguins eat."
MESSAGES: list[ChatCompletionMessageParam] = [{"role": "user", "content": QUESTION}]
MAX_TOKENS = 64
TIMEOUT_S = 120


@dataclass(frozen=True)
class Answer:
    """A paid answer. `first_s` is how long its first words took after the payment was signed."""

    text: str
    transaction: str
    paid: int
    first_s: float
    seconds: float


def refused_without_payment(url: str, model: str) -> Entry:
    """What `openai` says to somebody who does not pay."""
    began = time.monotonic()
    client = openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0, timeout=TIMEOUT_S)
    try:
        client.chat.completions.create(model=model, messages=MESSAGES, max_tokens=MAX_TOKENS)
    except openai.APIStatusError as error:
        if error.status_code != 402:
            raise
        message = error.body["message"] if isinstance(error.body, dict) and "message" in error.body else str(error)
        return Entry(f"agent asks unpaid: 402, {message}", time.monotonic() - began)
    raise NotAsTold(f"{url} answered a request that carried no payment")


def ask(url: str, model: str, wallet: LocalAccount, heard: Callable[[str], None]) -> Answer:
    """The published `openai` client, given x402's HTTP client: pays what is asked and streams the answer."""
    return asyncio.run(_ask(url, model, wallet, heard))


async def _ask(url: str, model: str, wallet: LocalAccount, heard: Callable[[str], None]) -> Answer:
    payer = x402Client()
    # x402's clients pay in tokens they know; the local chain's USDC is none of them.
    payer.set_spend_controls({"allowed_assets": True})
    register_exact_evm_client(payer, EthAccountSigner(wallet))
    began, first_s, parts = time.monotonic(), 0.0, []
    async with x402HttpxClient(payer, timeout=TIMEOUT_S) as http:
        client = openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="none", http_client=http, max_retries=0)
        raw = await client.chat.completions.with_raw_response.create(
            model=model,
            messages=MESSAGES,
            max_tokens=MAX_TOKENS,
            temperature=0,
            stream=True,
        )
        settled = decode_payment_response_header(raw.headers["PAYMENT-RESPONSE"])
        async for chunk in raw.parse():
            text = chunk.choices[0].delta.content if chunk.choices else None
            if text:
                first_s = first_s or time.monotonic() - began
                parts.append(text)
                heard(text)
    paid = int(settled.amount or 0)
    return Answer("".join(parts), settled.transaction, paid, first_s, time.monotonic() - began)


def paid(chain: Chain, answer: Answer, operator: str, before: int) -> Entry:
    """What the chain says of the payment. Raises `NotAsTold` if the operator did not get what was paid."""
    got = chain.usdc(operator) - before
    if got != answer.paid or got <= 0:
        raise NotAsTold(f"the operator got {got} micro-dollars for an answer paid with {answer.paid}")
    receipt = chain.web3.eth.get_transaction_receipt(answer.transaction)  # type: ignore[arg-type]
    words = f"agent pays by x402 and streams {len(answer.text.split())} words (first after {answer.first_s:.2f} s)"
    return Entry(words, answer.seconds, answer.transaction, receipt["gasUsed"], [Amount("operator", got)])
