"""Gas of the IdentityRegistry.

`first`: nobody was registered before. `again`: by the same owner.
"""

from eth_utils import keccak

from tests.contracts.agents.agents import Agents
from tests.gas.data import REVIEW
from tests.gas.meter import START, Meter

URI = REVIEW
OTHER_URI = URI.replace("bafy", "bafk")
METADATA = [("endpoint", b"https://agent.example/a2a"), ("model", keccak(b"model"))]

# A wallet's signature is good for five minutes, and a deadline that followed the clock would differ from run to run.
DEADLINE = START + 12_345_678


def measure(meter: Meter) -> None:
    _registrations(meter)
    _records(meter)
    _wallets(meter)
    _transfers(meter)


def _registrations(meter: Meter) -> None:
    identity, owner = meter.suite.identity, meter.account("owner")
    for name, args in (("without_uri", ()), ("with_uri", (URI,)), ("with_metadata", (URI, METADATA))):
        with meter.apart():
            for when in ("first", "again"):
                meter(f"agent_register_{name}_{when}", identity.register, *args, sender=owner)


def _records(meter: Meter) -> None:
    identity, owner = meter.suite.identity, meter.account("owner")
    with meter.apart():
        identity.register(URI, sender=owner)
        meter("agent_set_uri", identity.setAgentURI, 0, OTHER_URI, sender=owner)
        for when in ("first", "again"):
            meter(f"agent_set_metadata_{when}", identity.setMetadata, 0, "model", keccak(text=when), sender=owner)


def _wallets(meter: Meter) -> None:
    agents, identity, owner = Agents(meter.suite), meter.suite.identity, meter.account("owner")
    with meter.apart():
        identity.register(URI, sender=owner)
        meter.chain.rpc("evm_setNextBlockTimestamp", DEADLINE - 240)
        for when in ("first", "again"):
            wallet = meter.account(f"{when} wallet")
            signature = wallet.sign_typed(agents.wallet_message(0, wallet, owner, DEADLINE))
            meter(f"agent_set_wallet_{when}", identity.setAgentWallet, 0, wallet, DEADLINE, signature, sender=owner)
        meter("agent_unset_wallet", identity.unsetAgentWallet, 0, sender=owner)


def _transfers(meter: Meter) -> None:
    identity = meter.suite.identity
    seller, market, other = map(meter.account, ("owner", "market", "collector"))
    with meter.apart():
        for _ in range(4):
            identity.register(URI, sender=seller)
        meter("agent_approve", identity.approve, market, 0, sender=seller)
        meter("agent_set_approval_for_all", identity.setApprovalForAll, market, True, sender=seller)
        meter("agent_transfer_first", identity.transferFrom, seller, other, 1, sender=seller)
        meter("agent_transfer_steady", identity.transferFrom, seller, other, 2, sender=seller)
        meter("agent_safe_transfer", identity.safeTransferFrom, seller, other, 3, sender=seller)
        meter("agent_safe_transfer_with_data", identity.safeTransferFrom, seller, other, 0, b"sold", sender=seller)
