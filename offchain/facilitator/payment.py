"""What a payment header says, and the terms it has to meet."""

import base64
import binascii
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec
from eth_utils import to_checksum_address
from pydantic import ValidationError
from x402.schemas import PaymentPayload, PaymentPayloadV1, PaymentRequirements, ResourceInfo
from x402.schemas.v1 import PaymentRequirementsV1

from cluster.chain.eip3009 import Authorization, Domain
from offchain.facilitator.errors import Refused
from offchain.facilitator.networks import caip2
from offchain.service.nesting import check_depth

MAX_HEADER_BYTES = 16_384
MAX_SIGNATURE_BYTES = 4_096
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_NUMBER = re.compile(r"[0-9]{1,78}")
_BYTES32 = re.compile(r"0x[0-9a-fA-F]{64}")
_HEX = re.compile(r"0x(?:[0-9a-fA-F]{2})+")


@dataclass(frozen=True)
class Terms:
    """What a request costs. `amount` is in the token's smallest unit, `timeout_s` in seconds."""

    domain: Domain
    v1_network: str
    pay_to: str
    amount: int
    timeout_s: int

    @property
    def asset(self) -> str:
        return self.domain.verifying_contract

    @cached_property
    def network(self) -> str:
        return caip2(self.domain.chain_id)

    def v2(self) -> PaymentRequirements:
        """As x402 v2 writes it."""
        return PaymentRequirements(
            scheme="exact",
            network=self.network,
            asset=self.asset,
            amount=str(self.amount),
            pay_to=self.pay_to,
            max_timeout_seconds=self.timeout_s,
            extra={"name": self.domain.name, "version": self.domain.version},
        )

    def v1(self, resource: ResourceInfo) -> PaymentRequirementsV1:
        """As x402 v1 writes it: the same terms."""
        return PaymentRequirementsV1(
            scheme="exact",
            network=self.v1_network,
            max_amount_required=str(self.amount),
            resource=resource.url,
            description=resource.description or "",
            mime_type=resource.mime_type or "application/json",
            pay_to=self.pay_to,
            max_timeout_seconds=self.timeout_s,
            asset=self.asset,
            extra={"name": self.domain.name, "version": self.domain.version},
        )


@dataclass(frozen=True)
class Payment:
    """A payment as its header carried it. `accepted` are the terms its payer says it accepts (v2 only)."""

    version: int
    scheme: str
    network: str
    authorization: Authorization
    signature: bytes
    accepted: PaymentRequirements | None
    payload: dict[str, Any]

    @property
    def payer(self) -> str:
        return self.authorization.payer

    @property
    def nonce(self) -> bytes:
        return self.authorization.nonce


def parse_header(value: str) -> Payment:
    """Reads `PAYMENT-SIGNATURE` (v2) or `X-PAYMENT` (v1). Raises `Refused`."""
    if len(value) > MAX_HEADER_BYTES:
        raise _malformed(f"the payment header is {len(value)} bytes, at most {MAX_HEADER_BYTES} are read")
    try:
        decoded = base64.b64decode(value, validate=True)
        check_depth(decoded)
        raw = msgspec.json.decode(decoded)
    except (binascii.Error, ValueError, msgspec.DecodeError) as error:
        raise _malformed("the payment header is not base64 of a JSON object") from error
    return parse_payload(raw)


def parse_payload(raw: Any) -> Payment:
    """Reads a payment payload, already decoded from JSON. Raises `Refused`."""
    if not isinstance(raw, dict):
        raise _malformed("the payment is not a JSON object")
    version = raw.get("x402Version")
    try:
        if version == 2:
            v2 = PaymentPayload.model_validate(raw)
            scheme, network, inner, accepted = (
                v2.accepted.scheme,
                v2.accepted.network,
                v2.payload,
                v2.accepted,
            )
        elif version == 1:
            v1 = PaymentPayloadV1.model_validate(raw)
            scheme, network, inner, accepted = v1.scheme, v1.network, v1.payload, None
        else:
            raise Refused("payment_unsupported", "x402Version must be 2 or 1")
    except ValidationError as error:
        raise _malformed(f"the payment is not an x402 v{version} payload: {_first(error)}") from error
    if scheme != "exact":
        raise Refused("payment_unsupported", f"scheme must be `exact`, not {scheme[:40]!r}")
    if "permit2Authorization" in inner:
        raise Refused("payment_unsupported", "Permit2 is not taken here; pay by EIP-3009, as the terms say")
    authorization = inner.get("authorization")
    if not isinstance(authorization, dict):
        raise _malformed("payload.authorization must be an object: pay by EIP-3009, as the terms say")
    signature = inner.get("signature")
    if not isinstance(signature, str) or not _HEX.fullmatch(signature):
        raise _malformed("payload.signature must be hexadecimal bytes")
    if len(signature) > 2 * MAX_SIGNATURE_BYTES + 2:
        raise _malformed(f"payload.signature is longer than {MAX_SIGNATURE_BYTES} bytes")
    return Payment(
        version,
        scheme,
        network,
        _authorization(authorization),
        _canonical(bytes.fromhex(signature[2:])),
        accepted,
        raw,
    )


def _canonical(signature: bytes) -> bytes:
    # Some wallets write v as 0 or 1; the tokens want 27 or 28.
    if len(signature) == 65 and signature[64] < 2:
        return signature[:64] + bytes([signature[64] + 27])
    return signature


def _authorization(found: dict[str, Any]) -> Authorization:
    nonce = found.get("nonce")
    if not isinstance(nonce, str) or not _BYTES32.fullmatch(nonce):
        raise _malformed("authorization.nonce must be 32 bytes in hexadecimal")
    return Authorization(
        payer=_address(found, "from"),
        to=_address(found, "to"),
        value=_number(found, "value"),
        valid_after=_number(found, "validAfter"),
        valid_before=_number(found, "validBefore"),
        nonce=bytes.fromhex(nonce[2:]),
    )


def _address(found: dict[str, Any], name: str) -> str:
    value = found.get(name)
    if not isinstance(value, str) or not _ADDRESS.fullmatch(value):
        raise _malformed(f"authorization.{name} must be an address: 0x and 40 hexadecimal digits")
    return to_checksum_address(value)


def _number(found: dict[str, Any], name: str) -> int:
    value = found.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value) if 0 <= value < 1 << 256 else ""
    if not isinstance(value, str) or not _NUMBER.fullmatch(value) or int(value) >= 1 << 256:
        raise _malformed(f"authorization.{name} must be a decimal integer below 2^256, as a string")
    return int(value)


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"


def _malformed(message: str) -> Refused:
    return Refused("payment_malformed", message)
