"""Receipts of ordinary answers: claims that an operator signs, EIP-712, and anyone who holds one can check."""

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import msgspec
from eth_account import Account
from eth_account.messages import SignableMessage, encode_typed_data
from eth_account.signers.local import LocalAccount
from eth_utils import keccak, to_checksum_address

from offchain.compute.claim import BETA_MOST, Claim
from offchain.compute.model import Model
from offchain.compute.program import COMPLETION, PROMPT
from offchain.compute.session import choose
from offchain.compute.trees import ZERO, token_root

NAME, VERSION = "Cluster Proof of Compute", "1"
TYPES = {
    "Receipt": [
        {"name": "requestId", "type": "bytes32"},
        {"name": "operator", "type": "address"},
        {"name": "modelRoot", "type": "bytes32"},
        {"name": "program", "type": "bytes32"},
        {"name": "inputRoot", "type": "bytes32"},
        {"name": "outputRoot", "type": "bytes32"},
        {"name": "seed", "type": "bytes32"},
        {"name": "saltHash", "type": "bytes32"},
        {"name": "promptTokens", "type": "uint32"},
        {"name": "completionTokens", "type": "uint32"},
        {"name": "maxTokens", "type": "uint32"},
        {"name": "beta", "type": "uint32"},
        {"name": "currency", "type": "address"},
        {"name": "price", "type": "uint256"},
        {"name": "issuedAt", "type": "uint64"},
    ]
}


class ReceiptInvalid(ValueError):
    """A receipt that does not fit its answer, or that nobody can have signed so; the message says how."""


@dataclass(frozen=True)
class Domain:
    """Where receipts can be challenged."""

    chain_id: int
    contract: str


@dataclass(frozen=True)
class Receipt:
    """What is signed. Fields are named as in Solidity."""

    requestId: bytes  # noqa: N815
    operator: str
    modelRoot: bytes  # noqa: N815
    program: bytes
    inputRoot: bytes  # noqa: N815
    outputRoot: bytes  # noqa: N815
    seed: bytes
    saltHash: bytes  # noqa: N815
    promptTokens: int  # noqa: N815
    completionTokens: int  # noqa: N815
    maxTokens: int  # noqa: N815
    beta: int
    currency: str
    price: int
    """In the currency's smallest unit."""
    issuedAt: int  # noqa: N815
    """Unix time, seconds."""

    def message(self, domain: Domain) -> SignableMessage:
        return encode_typed_data(
            {"name": NAME, "version": VERSION, "chainId": domain.chain_id, "verifyingContract": domain.contract},
            TYPES,
            asdict(self),
        )

    def claim(self, domain: Domain, trace_root: bytes = ZERO) -> Claim:
        """The claim that a challenge makes of it."""
        message = self.message(domain)
        return Claim(
            id=keccak(b"\x19" + message.version + message.header + message.body),
            model_root=self.modelRoot,
            program=self.program,
            input_root=self.inputRoot,
            output_root=self.outputRoot,
            trace_root=trace_root,
            seed=self.seed,
            salt_hash=self.saltHash,
            prompt_tokens=self.promptTokens,
            completion_tokens=self.completionTokens,
            max_tokens=self.maxTokens,
            beta=self.beta,
        )


@dataclass(frozen=True)
class Answer:
    """A receipt with all that is needed to check it."""

    receipt: Receipt
    domain: Domain
    signature: bytes
    prompt: list[int]
    completion: list[int]
    secret: bytes

    def check_form(self) -> Claim:
        """Whether it is signed by its operator and fits the tokens. Returns the claim. Raises `ReceiptInvalid`."""
        receipt = self.receipt
        try:
            signer = Account.recover_message(receipt.message(self.domain), signature=self.signature)
            receipt.claim(self.domain).run()
        except Exception as error:  # libraries' own kinds: of bad signatures, of values out of range
            raise ReceiptInvalid(str(error)) from error
        fits = {
            "signature": signer == to_checksum_address(receipt.operator),
            "saltHash": keccak(self.secret) == receipt.saltHash,
            "promptTokens": len(self.prompt) == receipt.promptTokens,
            "completionTokens": len(self.completion) == receipt.completionTokens,
            "inputRoot": token_root(self.prompt, self.secret, PROMPT) == receipt.inputRoot,
            "outputRoot": token_root(self.completion, self.secret, COMPLETION) == receipt.outputRoot,
        }
        wrong = [name for name, right in fits.items() if not right]
        if wrong:
            raise ReceiptInvalid(f"these do not fit the answer: {', '.join(wrong)}")
        return receipt.claim(self.domain)

    def to_json(self) -> dict[str, Any]:
        plain = {name: _text(value) for name, value in asdict(self.receipt).items()}
        domain = {"name": NAME, "version": VERSION, "chainId": self.domain.chain_id}
        return {
            "domain": {**domain, "verifyingContract": self.domain.contract},
            "receipt": plain,
            "signature": _text(self.signature),
            "secret": _text(self.secret),
            "prompt": self.prompt,
            "completion": self.completion,
        }

    @classmethod
    def from_json(cls, value: object) -> "Answer":
        """Raises `ReceiptInvalid`."""
        try:
            wire = msgspec.convert(value, _Answer)
            fields = {name: _value(name, each) for name, each in wire.receipt.items()}
            return cls(
                Receipt(**fields),
                Domain(wire.domain.chainId, wire.domain.verifyingContract),
                _bytes(wire.signature),
                wire.prompt,
                wire.completion,
                _bytes(wire.secret),
            )
        except (msgspec.ValidationError, TypeError, ValueError) as error:
            raise ReceiptInvalid(str(error)) from error


class _Domain(msgspec.Struct):
    chainId: int  # noqa: N815
    verifyingContract: str  # noqa: N815


class _Answer(msgspec.Struct):
    domain: _Domain
    receipt: dict[str, str | int]
    signature: str
    secret: str
    prompt: list[int]
    completion: list[int]


def _text(value: object) -> object:
    return "0x" + value.hex() if isinstance(value, bytes) else str(value) if isinstance(value, int) else value


def _bytes(value: object) -> bytes:
    return bytes.fromhex(str(value).removeprefix("0x"))


def _value(name: str, value: str | int) -> Any:
    kinds = {field["name"]: field["type"] for field in TYPES["Receipt"]}
    kind = kinds.get(name, "")
    return _bytes(value) if kind == "bytes32" else int(value) if kind.startswith("uint") else value


@dataclass(frozen=True)
class Issuer:
    """Signs receipts for one operator."""

    account: LocalAccount
    domain: Domain
    model_root: bytes
    program: bytes
    currency: str = "0x" + "00" * 20
    price_in: int = 0
    """Of a million tokens of a prompt, in the currency's smallest unit."""
    price_out: int = 0
    """Of a million tokens of an answer."""

    def issue(
        self,
        prompt: Sequence[int],
        completion: Sequence[int],
        most: int,
        beta: int,
        seed: bytes,
        secret: bytes,
        now: int,
    ) -> Answer:
        receipt = Receipt(
            requestId=secrets.token_bytes(32),
            operator=self.account.address,
            modelRoot=self.model_root,
            program=self.program,
            inputRoot=token_root(prompt, secret, PROMPT),
            outputRoot=token_root(completion, secret, COMPLETION),
            seed=seed,
            saltHash=keccak(secret),
            promptTokens=len(prompt),
            completionTokens=len(completion),
            maxTokens=most,
            beta=beta,
            currency=self.currency,
            price=(len(prompt) * self.price_in + len(completion) * self.price_out) // 1_000_000,
            issuedAt=now,
        )
        signed = self.account.sign_message(receipt.message(self.domain))
        return Answer(receipt, self.domain, bytes(signed.signature), list(prompt), list(completion), secret)


def beta_of(temperature: float) -> int:
    """Inverse temperature, Q16; 0 is greedy."""
    return 0 if temperature == 0 else min(BETA_MOST, max(1, round(65536 / temperature)))


def first_wrong_token(model: Model, answer: Answer) -> int | None:
    """Re-computes a conversation in one pass; the first step whose token is not the one that comes out, or that goes on
    or ends where it must not. `answer` must have passed `check_form`.
    """
    receipt, program = answer.receipt, model.program
    run = receipt.claim(answer.domain).run()
    logits: list[Any] = []

    def take(op: int, tensor: object) -> None:
        if op == program.tail + 1:
            logits.append(tensor)

    model.run(run, [*answer.prompt, *answer.completion], receipt.beta, take)
    last = len(answer.completion) - 1
    for step, token in enumerate(answer.completion):
        right = choose(logits[0][step], receipt.beta, receipt.seed, step)
        ends = token == program.eos
        if token != right or ends > (step == last) or (step == last and not ends and last + 1 < receipt.maxTokens):
            return step
    return None
