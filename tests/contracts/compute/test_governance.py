"""What roles may do to OperatorStaking, what nobody may, and what an upgrade keeps."""

from collections.abc import Callable
from typing import Any

import pytest

from cluster.chain.roles import PARAMETERS
from cluster.testing import reverts
from cluster.testing.suite import NATIVE
from tests.contracts.compute.house import CP, MIN_OWN, House

RESTRICTED: dict[str, Callable[[House], tuple[Any, ...]]] = {
    "setMinOwnStake": lambda _: (1,),
    "rescueSurplus": lambda h: (h.usdc, h.anyone, 0),
    "pause": lambda _: (),
    "unpause": lambda _: (),
    "lock": lambda h: (h.operator, 1),
    "lockDisputed": lambda h: (h.operator, 1),
    "unlock": lambda h: (h.operator, 1),
    "slash": lambda h: (h.operator, 1, 1, h.challenger),
    "upgradeToAndCall": lambda h: (h.staking, b""),
}


@pytest.mark.parametrize("function", RESTRICTED)
def test_strangers_may_not(house: House, function: str) -> None:
    for stranger in (house.operator, house.anyone):
        with reverts("AccessManagedUnauthorized", stranger):
            getattr(house.staking, function)(*RESTRICTED[function](house), sender=stranger)


@pytest.mark.parametrize("function", ["lock", "lockDisputed", "unlock", "slash"])
def test_governance_does_not_slash(house: House, function: str) -> None:
    with reverts("AccessManagedUnauthorized", house.admin):
        getattr(house.staking, function)(*RESTRICTED[function](house), sender=house.admin)


def test_it_is_initialized_once_and_its_implementation_never(house: House) -> None:
    with reverts("InvalidInitialization"):
        house.staking.initialize(house.admin, 0, sender=house.admin)
    bare = house.chain.deploy("OperatorStaking", house.cp, house.router, sender=house.admin)
    with reverts("InvalidInitialization"):
        bare.initialize(house.admin, 0, sender=house.admin)


def test_its_constants_and_parameters(house: House) -> None:
    assert house.staking.THAWING_PERIOD() == 14 * 86_400
    assert house.staking.COMMISSION_DELAY() == 7 * 86_400
    assert house.staking.MAX_CURRENCIES() == 16
    assert house.staking.token() == house.cp.address
    assert house.staking.minOwnStake() == MIN_OWN
    house.staking.setMinOwnStake(7, sender=house.admin).expect("MinOwnStakeSet", minOwnStake=7)
    assert house.staking.minOwnStake() == 7


def test_only_what_nobody_is_owed_is_rescued(house: House) -> None:
    house.stake(house.alice, CP)
    house.reward(1_000)
    house.reward(1_000, house.usdc)
    house.cp.transfer(house.staking, 5, sender=house.bob)
    house.usdc.transfer(house.staking, 6, sender=house.bob)
    house.chain.deploy("ForcedSender", house.staking, sender=house.bob, value=7)
    for currency, surplus in ((house.cp, 5), (house.usdc, 6), (NATIVE, 7)):
        assert house.staking.surplus(currency) == surplus
        with reverts("SurplusExceeded", surplus + 1, surplus):
            house.staking.rescueSurplus(currency, house.anyone, surplus + 1, sender=house.admin)
        receipt = house.staking.rescueSurplus(currency, house.anyone, surplus, sender=house.admin)
        receipt.expect("SurplusRescued", currency=currency, to=house.anyone, amount=surplus)
        assert house.balance(currency, house.anyone) == surplus
    for to in (NATIVE, house.staking.address):
        with reverts("InvalidAddress", to):
            house.staking.rescueSurplus(house.cp, to, 0, sender=house.admin)


def test_it_takes_no_native_coin_but_for_rewards(house: House) -> None:
    with reverts(""):
        house.chain.transact(house.alice, house.staking, value=1)


def test_an_upgrade_keeps_stake_locks_and_rewards(house: House) -> None:
    house.stake(house.operator, 200 * CP)
    house.stake(house.alice, 100 * CP)
    house.reward(900)
    lock = house.lock(CP)
    house.staking.unstake(house.operator, CP, sender=house.alice)

    def state() -> tuple[Any, ...]:
        s = house.staking
        return (
            s.positionOf(house.operator, house.alice),
            s.trancheOf(house.operator, house.alice, 0),
            s.poolOf(house.operator, True),
            s.poolOf(house.operator, False),
            s.lockOf(house.operator, lock),
            s.commissionOf(house.operator),
            s.uriOf(house.operator),
            s.claimableX128(NATIVE, house.alice),
            s.claimableX128(NATIVE, house.operator),
            s.totalStaked(),
            s.totalOwed(NATIVE),
            s.rewardCurrencies(),
            s.minOwnStake(),
        )

    before = state()
    code = house.chain.deploy("OperatorStaking", house.cp, house.router, sender=house.admin)
    house.staking.upgradeToAndCall(code, b"", sender=house.admin).expect("Upgraded", implementation=code)
    assert state() == before


@pytest.mark.parametrize("call", ["claim", "stake", "addReward", "withdraw"])
def test_a_receiver_that_calls_back_gets_nowhere(house: House, call: str) -> None:
    """Paid its reward, it claims again, stakes, rewards or leaves in the middle of the payment."""
    wallet = house.chain.deploy("ReentrantReceiver", sender=house.admin)
    house.endow(wallet)
    house.stake(wallet, CP)
    house.reward(1_000)
    args: dict[str, tuple[Any, ...]] = {
        "claim": ([house.operator], NATIVE, wallet),
        "stake": (house.operator, 1, 0),
        "addReward": (house.operator, house.usdc, 1),
        "withdraw": (house.operator, 0, wallet),
    }
    wallet.arm(house.staking, getattr(house.staking, call).calldata(*args[call]), sender=house.anyone)
    claim = house.staking.claim.calldata([house.operator], NATIVE, wallet)
    wallet.execute(house.staking, 0, claim, sender=house.anyone)
    assert not wallet.reentered()
    assert house.balance(NATIVE, wallet) in (799, 800)
    assert house.staking.totalOwed(NATIVE) == house.balance(NATIVE, house.staking)


@pytest.mark.parametrize("way", ["addReward", "addRewards", "claim", "rescueSurplus"])
def test_a_currency_that_calls_back_is_not_let_in(house: House, way: str) -> None:
    token = house.chain.deploy("CallingToken", sender=house.admin)
    house.suite.router.setCurrency(token, True, sender=house.admin)
    token.mint(house.payer, 1_000, sender=house.admin)
    token.approve(house.staking, 1_000, sender=house.payer)
    house.stake(house.operator, CP)
    house.reward(100, token)
    token.transfer(house.staking, 5, sender=house.payer)
    ways: dict[str, Callable[[], object]] = {
        "addReward": lambda: house.reward(1, token),
        "addRewards": lambda: house.staking.addRewards([house.operator], token, [1], sender=house.payer),
        "claim": lambda: house.staking.claim([], token, house.operator, sender=house.operator),
        "rescueSurplus": lambda: house.staking.rescueSurplus(token, house.anyone, 5, sender=house.admin),
    }
    house.suite.grant(PARAMETERS.id, token)
    again = house.staking.rescueSurplus.calldata(NATIVE, house.anyone, 0)
    token.arm(house.staking, again, sender=house.admin)
    ways[way]()
    assert (token.calls(), token.successes()) == (1, 0)
