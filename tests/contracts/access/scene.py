"""A bit of life in every contract: what restricted calls find, and what upgrades must keep."""

from typing import Any

from cluster.chain.protocol import CP, FIGURES
from cluster.chain.roles import STAKE_KEEPER
from cluster.testing import Account
from cluster.testing.suite import NATIVE, Suite
from tests.contracts.data.shop import publish
from tests.contracts.models.world import HOSTED, World

PRICE = 1_000
TIERS = [(100 * CP, 500, 1)]
FEED = (86_400, 0, 18, 1, 10**12)
ROOT = b"\x11" * 32
MOVED = (FIGURES[0] + 1, *FIGURES[1:])


def operate(suite: Suite) -> Account:
    """An operator with 200 CP of his own, of which locks 1 and 2 hold 10 each."""
    operator = suite.chain.account("operator")
    suite.token.transfer(operator, 1_000 * CP, sender=suite.treasury)
    suite.token.approve(suite.staking, 2**256 - 1, sender=operator)
    suite.staking.register("ipfs://node", 1_000, 2_000, sender=operator)
    suite.staking.stake(operator, 200 * CP, 0, sender=operator)
    suite.grant(STAKE_KEEPER.id, suite.admin)
    for _ in range(2):
        suite.staking.lock(operator, 10 * CP, sender=suite.admin)
    suite.manager.revokeRole(STAKE_KEEPER.id, suite.admin, sender=suite.admin)
    return operator


def make_models(suite: Suite) -> None:
    """Models 1, and 2 which is delisted."""
    world = World(suite)
    for name in ("alice/first", "alice/second"):
        world.register(name, HOSTED)
    suite.models.delist(2, 1, sender=suite.admin)


def price(suite: Suite, feed: str) -> tuple[Any, ...]:
    """A price by a feed."""
    return (feed, NATIVE, *FEED)


def live(suite: Suite) -> Account:
    """Something of everything; gives who bought, voted, staked, paid ahead and has an agent."""
    creator, buyer = suite.chain.account("creator"), suite.chain.account("buyer")
    publish(suite, creator, prices=[(suite.usdc, PRICE), (NATIVE, PRICE)])
    suite.usdc.mint(buyer, 2 * PRICE, sender=suite.admin)
    suite.usdc.approve(suite.router, PRICE, sender=buyer)
    suite.usdc.blacklist(suite.treasury, sender=suite.admin)
    suite.router.purchase(1, suite.usdc, PRICE, buyer, NATIVE, sender=buyer)
    suite.usdc.unBlacklist(suite.treasury, sender=suite.admin)
    suite.registry.review(1, 4, "", sender=buyer)
    suite.token.transfer(buyer, 1_000 * CP, sender=suite.treasury)
    suite.token.delegate(buyer, sender=buyer)
    suite.token.approve(suite.admin, 5, sender=buyer)
    _stake(suite, buyer)
    _serve(suite, buyer)
    _act_as_agent(suite, buyer)
    suite.router.pause(sender=suite.admin)
    return buyer


def _stake(suite: Suite, buyer: Account) -> None:
    operator = operate(suite)
    for contract in (suite.staking, suite.members, suite.idle):
        suite.token.approve(contract, 2**256 - 1, sender=buyer)
    suite.staking.stake(operator, 50 * CP, 0, sender=buyer)
    suite.staking.unstake(operator, 20 * CP, sender=buyer)
    suite.members.setTiers(TIERS, sender=suite.admin)
    suite.members.stakeFor(buyer, 150 * CP, sender=buyer)
    suite.members.unstake(10 * CP, sender=buyer)
    suite.idle.setRate(10**12, sender=suite.admin)
    suite.idle.setClassWeight(1, 7, sender=suite.admin)
    suite.idle.setCapacityClass(operator, 1, sender=suite.admin)
    suite.idle.fund(10 * CP, sender=buyer)
    suite.idle.openChallenge(sender=suite.admin)


def _serve(suite: Suite, buyer: Account) -> None:
    make_models(suite)
    operator = suite.chain.account("operator")
    till = suite.settlement.tillOf(1, 1, operator)
    suite.usdc.transfer(till, 100, sender=buyer)
    suite.settlement.sweep(1, 1, operator, suite.usdc, sender=buyer)
    suite.usdc.approve(suite.prepaid, 100, sender=buyer)
    suite.prepaid.deposit(buyer, suite.usdc, 100, sender=buyer)
    suite.prices.setFeed(NATIVE, price(suite, suite.usdc.address), sender=suite.admin)
    suite.receipts.anchor(ROOT, 3, sender=buyer)


def _act_as_agent(suite: Suite, buyer: Account) -> None:
    owner = suite.chain.account("agent owner")
    agent = suite.identity.register("ipfs://agent", sender=owner).return_value
    suite.reputation.giveFeedback(agent, 90, 0, "quality", "", "", "", bytes(32), sender=buyer)
    suite.validation.validationRequest(buyer, agent, "ipfs://work", ROOT, sender=owner)
    suite.validation.validationResponse(ROOT, 80, "", bytes(32), "", sender=buyer)
    suite.activity.openTask(agent, 0, ROOT, sender=owner)
