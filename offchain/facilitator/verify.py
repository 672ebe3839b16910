"""Whether a payment meets its terms: first what needs no node, then what only the chain knows."""

import time
from dataclasses import dataclass

from eth_abi import encode
from eth_utils import keccak, to_checksum_address

from cluster.chain.eip3009 import recover
from cluster.chain.rpc import Rpc, RpcError, RpcFailure
from offchain.facilitator.errors import Refused, Unavailable
from offchain.facilitator.payment import Payment, Terms

SETTLE_MARGIN_S = 6
"""An authorization that expires sooner than this is refused: it could not be mined in time."""

_BY_PARTS = keccak(
    text="transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,uint8,bytes32,bytes32)"
)[:4]
_BY_BYTES = keccak(text="transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)")[:4]
_BALANCE_OF = keccak(text="balanceOf(address)")[:4]
_STATE = keccak(text="authorizationState(address,bytes32)")[:4]
_IS_VALID_SIGNATURE = keccak(text="isValidSignature(bytes32,bytes)")[:4]
_REVERTED = 3
_ARGUMENTS = ["address", "address", "uint256", "uint256", "uint256", "bytes32"]


@dataclass(frozen=True)
class Checked:
    """A payment that the chain would take now. `block` is the head at which the authorization was still
    unused.
    """

    payment: Payment
    terms: Terms
    calldata: bytes
    gas: int
    block: int


def check_terms(payment: Payment, terms: Terms) -> bool:
    """All that can be said without a node. Returns whether the signature is the payer's own key's; if it is
    not, only the chain can tell whether the payer is a contract that accepts it. Raises `Refused`.
    """
    found, payer = payment.authorization, payment.payer
    if payment.network != (terms.network if payment.version == 2 else terms.v1_network):
        expected = terms.network if payment.version == 2 else terms.v1_network
        raise Refused(
            "payment_wrong_network", f"network is {payment.network[:60]!r}, the terms say {expected!r}", payer
        )
    if payment.accepted is not None and payment.accepted.asset.lower() != terms.asset.lower():
        raise Refused(
            "payment_wrong_asset",
            f"asset is {payment.accepted.asset[:60]!r}, the terms say {terms.asset}",
            payer,
        )
    if found.to != terms.pay_to:
        raise Refused("payment_wrong_recipient", f"paid to {found.to}, the terms say {terms.pay_to}", payer)
    if found.value != terms.amount:
        raise Refused("payment_wrong_amount", f"the amount is {found.value}, this request costs {terms.amount}", payer)
    now = int(time.time())
    if found.valid_before < now + SETTLE_MARGIN_S:
        raise Refused(
            "payment_expired",
            f"validBefore {found.valid_before} is not at least {SETTLE_MARGIN_S} s after now ({now})",
            payer,
        )
    if found.valid_after >= now:
        raise Refused("payment_not_yet_valid", f"validAfter {found.valid_after} is not before now ({now})", payer)
    return recover(found.digest(terms.domain), payment.signature) == payer


async def check_on_chain(rpc: Rpc, sender: str, payment: Payment, terms: Terms, *, by_key: bool) -> Checked:
    """What only the chain knows: signature of a contract, used or cancelled, balance, whether the token would
    do it.

    `sender` is who would submit it; `by_key` is what `check_terms` returned. Raises `Refused`, `Unavailable`.
    """
    try:
        if not by_key:
            await check_contract_signature(rpc, payment, terms)
        state, balance, head = await rpc.batch(
            [
                (
                    "eth_call",
                    [{"to": terms.asset, "data": _hex(_STATE, payment.payer, payment.nonce)}, "latest"],
                ),
                ("eth_call", [{"to": terms.asset, "data": _hex(_BALANCE_OF, payment.payer)}, "latest"]),
                ("eth_blockNumber", []),
            ]
        )
        if int(state, 16):
            raise _already_used(payment.payer)
        if int(balance, 16) < terms.amount:
            raise Refused(
                "payment_insufficient_balance",
                f"{payment.payer} holds {int(balance, 16)}, this request costs {terms.amount}",
                payment.payer,
            )
        calldata = transfer_calldata(payment, by_key=by_key)
        gas = await _estimate(rpc, sender, payment, terms.asset, calldata)
    except RpcFailure as error:
        raise Unavailable("chain_unavailable", f"the payment cannot be checked now: {error}", payment.payer) from error
    return Checked(payment, terms, calldata, gas, int(head, 16))


async def authorization_used(rpc: Rpc, asset: str, payer: str, nonce: bytes) -> bool:
    """EIP-3009's `authorizationState`: true once used, and once cancelled."""
    return bool(int(await rpc.call("eth_call", {"to": asset, "data": _hex(_STATE, payer, nonce)}, "latest"), 16))


async def check_contract_signature(rpc: Rpc, payment: Payment, terms: Terms) -> None:
    """ERC-1271, for payers that are contracts. Raises `Refused`."""
    refused = Refused(
        "payment_bad_signature",
        f"not signed by {payment.payer} for {terms.domain.name!r} version {terms.domain.version!r} "
        f"on chain {terms.domain.chain_id}",
        payment.payer,
    )
    if await rpc.call("eth_getCode", payment.payer, "latest") in ("0x", None):
        raise refused
    digest = payment.authorization.digest(terms.domain)
    data = _IS_VALID_SIGNATURE + encode(["bytes32", "bytes"], [digest, payment.signature])
    try:
        answer = await rpc.call("eth_call", {"to": payment.payer, "data": "0x" + data.hex()}, "latest")
    except RpcError as error:
        raise refused from error
    if bytes.fromhex(answer.removeprefix("0x"))[:4] != _IS_VALID_SIGNATURE:
        raise refused


def transfer_calldata(payment: Payment, *, by_key: bool) -> bytes:
    """The call that moves the money."""
    found, signature = payment.authorization, payment.signature
    arguments = [found.payer, found.to, found.value, found.valid_after, found.valid_before, found.nonce]
    if by_key:
        # The form with v, r, s is the one that every token with EIP-3009 has.
        parts = [signature[64], signature[:32], signature[32:64]]
        return _BY_PARTS + encode([*_ARGUMENTS, "uint8", "bytes32", "bytes32"], [*arguments, *parts])
    return _BY_BYTES + encode([*_ARGUMENTS, "bytes"], [*arguments, signature])


async def _estimate(rpc: Rpc, sender: str, payment: Payment, asset: str, calldata: bytes) -> int:
    try:
        answer = await rpc.call("eth_estimateGas", {"from": sender, "to": asset, "data": "0x" + calldata.hex()})
    except RpcError as error:
        if error.code != _REVERTED and "revert" not in error.message.lower():
            raise
        # It may have been mined between the two questions; then this is why.
        if await authorization_used(rpc, asset, payment.payer, payment.nonce):
            raise _already_used(payment.payer) from error
        raise Refused(
            "payment_rejected_by_token", f"the token would refuse this transfer: {error.message[:200]}", payment.payer
        ) from error
    return int(answer, 16)


def _already_used(payer: str) -> Refused:
    return Refused("payment_already_used", "this authorization was used or cancelled", payer)


def _hex(selector: bytes, payer: str, nonce: bytes = b"") -> str:
    return "0x" + (selector + bytes.fromhex(to_checksum_address(payer)[2:]).rjust(32, b"\0") + nonce).hex()
