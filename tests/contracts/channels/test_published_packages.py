"""x402's published client opens a channel, pays many calls from it, and closes it, with x402's published facilitator
sending the transactions: on a real chain, against our contract at the canonical address.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from eth_account import Account as Keys
from x402.mechanisms.evm.batch_settlement.authorizer_signer import LocalAuthorizerSigner
from x402.mechanisms.evm.batch_settlement.client import (
    BatchSettlementEvmScheme,
    BatchSettlementEvmSchemeOptions,
    InMemoryClientChannelStorage,
    update_channel_from_settle,
)
from x402.mechanisms.evm.batch_settlement.facilitator import BatchSettlementEvmFacilitator
from x402.mechanisms.evm.batch_settlement.types import (
    ChannelConfig,
    ClaimPayload,
    EnrichedRefundPayload,
    SettlePayload,
    VoucherClaim,
    VoucherFields,
)
from x402.mechanisms.evm.constants import MULTICALL3_ADDRESS
from x402.mechanisms.evm.signers import EthAccountSignerWithRPC, FacilitatorWeb3Signer
from x402.schemas import PaymentPayload, PaymentRequirements, SettleResponse

from cluster.chain import anvil
from cluster.testing.anvil import OPTIONS, AnvilChain
from tests.contracts.channels.world import World, build

NETWORK = "eip155:31337"
PRICE = 1_000
CALLS = 4


@pytest.fixture(scope="module")
def node() -> Iterator[tuple[str, World]]:
    with anvil.running(options=OPTIONS) as url:
        chain = AnvilChain(url)
        world = build(chain)
        chain.place("Multicall3", MULTICALL3_ADDRESS, sender=world.circle)
        yield url, world
        chain.close()


def test_the_published_client_opens_pays_from_and_closes_a_channel(node: tuple[str, World]) -> None:
    url, world = node
    keys = Keys.from_key(bytes([7] * 32))
    hot = Keys.from_key(bytes([8] * 32))
    world.chain.fund(hot.address, 10**18)
    world.usdc.mint(keys.address, 1_000_000, sender=world.circle)
    storage = InMemoryClientChannelStorage()
    options = BatchSettlementEvmSchemeOptions(storage=storage)
    client = BatchSettlementEvmScheme(EthAccountSignerWithRPC(keys, url), options)
    authorizer = LocalAuthorizerSigner(world.authorizer.local)
    facilitator = BatchSettlementEvmFacilitator(FacilitatorWeb3Signer(hot.key.hex(), url), authorizer)
    extra = {"name": "USD Coin", "version": "2", "receiverAuthorizer": authorizer.address, "withdrawDelay": 900}
    terms = PaymentRequirements(
        scheme="batch-settlement",
        network=NETWORK,
        asset=world.usdc.address,
        amount=str(PRICE),
        pay_to=world.receiver.address,
        max_timeout_seconds=600,
        extra=extra,
    )

    def payment(inner: dict[str, Any]) -> PaymentPayload:
        return PaymentPayload(x402_version=2, payload=inner, accepted=terms)

    def settle(inner: dict[str, Any]) -> SettleResponse:
        done = facilitator.settle(payment(inner), terms)
        assert done.success, (done.error_reason, done.error_message)
        return done

    opening = client.create_payment_payload(terms)
    assert opening["type"] == "deposit"
    verified = facilitator.verify(payment(opening), terms)
    assert verified.is_valid, (verified.invalid_reason, verified.invalid_message)
    settle(opening)
    deposited = int(opening["deposit"]["amount"])
    id_ = opening["voucher"]["channelId"]
    assert world.channels.channels(bytes.fromhex(id_[2:])) == (deposited, 0)
    assert deposited > CALLS * PRICE, "something is left to close with"

    vouchers = [opening["voucher"]]
    local: dict[str, Any] = {"channel_id": id_, "request_amount": str(PRICE), "deposit_amount": str(deposited)}
    for _ in range(CALLS - 1):
        server = {"charged_amount": str(PRICE), "charged_cumulative_amount": str(PRICE * len(vouchers))}
        update_channel_from_settle(storage, {"server": server, "local": local})  # type: ignore[typeddict-item]
        local = {"channel_id": id_, "request_amount": str(PRICE)}
        call = client.create_payment_payload(terms)
        assert call["type"] == "voucher", "no transaction for a call"
        verified = facilitator.verify(payment(call), terms)
        assert verified.is_valid, (verified.invalid_reason, verified.invalid_message)
        vouchers.append(call["voucher"])

    last = vouchers[-1]
    config = ChannelConfig.from_dict(opening["channelConfig"])
    assert int(last["maxClaimableAmount"]) == CALLS * PRICE
    claim = VoucherClaim(config, last["maxClaimableAmount"], last["signature"], str(CALLS * PRICE))
    claims = ClaimPayload()
    claims.claims = [claim]
    settle(claims.to_dict())
    settle(SettlePayload(receiver=world.receiver.address, token=world.usdc.address).to_dict())
    assert world.usdc.balanceOf(world.receiver) == CALLS * PRICE

    refund = EnrichedRefundPayload()
    refund.channel_config = config
    refund.voucher = VoucherFields.from_dict(last)
    refund.amount = str(deposited - CALLS * PRICE)
    settle(refund.to_dict())
    assert world.usdc.balanceOf(keys.address) == 1_000_000 - CALLS * PRICE
    assert world.usdc.balanceOf(world.channels) == 0
