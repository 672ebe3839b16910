"""No receiver, token or contract can hold a settlement up, and nothing that is owed can be taken."""

from typing import Any

import pytest

from cluster.testing import Contract, Reverted, reverts
from cluster.testing.suite import NATIVE
from tests.contracts.market.bazaar import (
    BOND,
    CANCELLED,
    COMPUTE_TIME,
    CP,
    FINAL,
    PRICE,
    REFUTED,
    SALT,
    Bazaar,
)


def through(bazaar: Bazaar, wallet: Contract, contract: Contract, name: str, *args: Any, value: int = 0) -> None:
    """A call by the wallet, with rita's money."""
    data = getattr(contract, name).calldata(*args)
    wallet.execute(contract, value, data, sender=bazaar.rita, value=value)


@pytest.mark.parametrize("kind", ["RevertingReceiver", "GasBurner"])
def test_a_requester_that_takes_no_money_gets_a_credit(bazaar: Bazaar, kind: str) -> None:
    wallet = bazaar.chain.deploy(kind, sender=bazaar.anyone)
    through(bazaar, wallet, bazaar.market, "createJob", bazaar.order(currency=NATIVE), value=PRICE)
    bazaar.market.acceptJob(1, 0, sender=bazaar.owen)
    bazaar.chain.mine(COMPUTE_TIME + 1)
    bazaar.market.claimTimeout(1, sender=bazaar.anyone).expect("Credited", account=wallet, amount=PRICE)
    assert bazaar.market.claimable(NATIVE, wallet) == bazaar.market.totalOwed(NATIVE) == PRICE
    through(bazaar, wallet, bazaar.market, "claim", NATIVE, bazaar.cora)
    assert bazaar.market.totalOwed(NATIVE) == 0
    with reverts("NothingToClaim", wallet, NATIVE):
        through(bazaar, wallet, bazaar.market, "claim", NATIVE, bazaar.cora)


def test_a_credit_is_not_lost_to_a_receiver_that_refuses_it(bazaar: Bazaar) -> None:
    wallet = bazaar.chain.deploy("RevertingReceiver", sender=bazaar.anyone)
    through(bazaar, wallet, bazaar.market, "createJob", bazaar.order(currency=NATIVE), value=PRICE)
    through(bazaar, wallet, bazaar.market, "cancelJob", 1)
    with reverts("TransferFailed", NATIVE, wallet, PRICE):
        through(bazaar, wallet, bazaar.market, "claim", NATIVE, wallet)
    assert bazaar.market.claimable(NATIVE, wallet) == PRICE


def test_a_blacklisted_requester_gets_a_credit_and_the_operator_its_slash(bazaar: Bazaar) -> None:
    job = bazaar.revealed()
    bazaar.usdc.blacklist(bazaar.rita, sender=bazaar.admin)
    bazaar.refute(job).expect("Credited", account=bazaar.rita, currency=bazaar.usdc, amount=PRICE)
    assert bazaar.reward(bazaar.carl) == BOND // 2
    assert bazaar.state(job) == REFUTED
    bazaar.usdc.unBlacklist(bazaar.rita, sender=bazaar.admin)
    bazaar.market.claim(bazaar.usdc, bazaar.rita, sender=bazaar.rita).expect("Claimed", amount=PRICE)


def test_a_token_that_stops_puts_the_payout_off_and_the_bond_is_free(bazaar: Bazaar) -> None:
    job = bazaar.revealed()
    bazaar.after_window()
    bazaar.usdc.pause(sender=bazaar.admin)
    bazaar.market.settle(job, sender=bazaar.anyone).expect("PayoutDeferred", jobId=job, amount=PRICE)
    assert bazaar.state(job) == FINAL
    assert bazaar.staking.lockedStake(bazaar.owen) == 0
    assert bazaar.market.deferredOf(job) == bazaar.market.totalOwed(bazaar.usdc) == PRICE
    with reverts("TransferFailed"):
        bazaar.market.retryPayout(job, sender=bazaar.anyone)
    bazaar.usdc.unpause(sender=bazaar.admin)
    bazaar.market.retryPayout(job, sender=bazaar.anyone).expect("PaidToTill", jobId=job, amount=PRICE)
    assert bazaar.usdc.balanceOf(bazaar.till()) == PRICE
    assert bazaar.market.totalOwed(bazaar.usdc) == 0
    with reverts("NothingDeferred", job):
        bazaar.market.retryPayout(job, sender=bazaar.anyone)


def test_too_little_gas_can_not_send_a_price_anywhere_else(bazaar: Bazaar) -> None:
    job = bazaar.revealed()
    bazaar.after_window()
    outcomes = set()
    for gas in range(40_000, 400_000, 2_000):
        with bazaar.chain.isolated():
            try:
                bazaar.market.settle(job, sender=bazaar.anyone, gas=gas)
            except Reverted:
                outcomes.add("reverted")
                assert bazaar.market.totalOwed(bazaar.usdc) == PRICE
                continue
            paid, deferred = bazaar.usdc.balanceOf(bazaar.till()), bazaar.market.deferredOf(job)
            outcomes.add("paid")
            assert paid + deferred == PRICE
            assert bazaar.market.totalOwed(bazaar.usdc) == deferred
    assert outcomes == {"reverted", "paid"}


@pytest.mark.parametrize("call", ["cancelJob", "claim", "settle", "claimTimeout", "createJob", "rescueSurplus"])
def test_a_receiver_that_calls_back_gets_nowhere(bazaar: Bazaar, call: str) -> None:
    wallet = bazaar.chain.deploy("ReentrantReceiver", sender=bazaar.anyone)
    for _ in range(2):
        through(bazaar, wallet, bazaar.market, "createJob", bazaar.order(currency=NATIVE), value=PRICE)
    other = bazaar.revealed()
    args: dict[str, tuple[Any, ...]] = {
        "cancelJob": (2,),
        "claim": (NATIVE, wallet),
        "settle": (other,),
        "claimTimeout": (2,),
        "createJob": (bazaar.order(currency=NATIVE, price=0),),
        "rescueSurplus": (NATIVE, wallet, 0),
    }
    wallet.arm(bazaar.market, getattr(bazaar.market, call).calldata(*args[call]), sender=bazaar.anyone)
    through(bazaar, wallet, bazaar.market, "cancelJob", 1)
    assert not wallet.reentered()
    assert bazaar.chain.balance(wallet) == PRICE
    assert bazaar.market.totalOwed(NATIVE) == bazaar.chain.balance(bazaar.market) == PRICE


def test_only_what_nobody_is_owed_is_rescued(bazaar: Bazaar) -> None:
    bazaar.create()
    bazaar.create(currency=NATIVE)
    bazaar.dispute(bazaar.revealed(price=0))
    bazaar.usdc.transfer(bazaar.market, 5, sender=bazaar.cora)
    bazaar.cp.transfer(bazaar.market, 6, sender=bazaar.cora)
    bazaar.chain.deploy("ForcedSender", bazaar.market, sender=bazaar.cora, value=7)
    for currency, surplus in ((bazaar.usdc, 5), (bazaar.cp, 6), (NATIVE, 7)):
        with reverts("SurplusExceeded", surplus + 1, surplus):
            bazaar.market.rescueSurplus(currency, bazaar.tara, surplus + 1, sender=bazaar.admin)
        receipt = bazaar.market.rescueSurplus(currency, bazaar.tara, surplus, sender=bazaar.admin)
        receipt.expect("SurplusRescued", currency=currency, to=bazaar.tara, amount=surplus)
        assert bazaar.balance(currency, bazaar.tara) == surplus
    for to in (NATIVE, bazaar.market.address):
        with reverts("InvalidAddress", to):
            bazaar.market.rescueSurplus(bazaar.usdc, to, 0, sender=bazaar.admin)
        with reverts("InvalidAddress", to):
            bazaar.market.claim(bazaar.usdc, to, sender=bazaar.rita)


def test_it_takes_no_native_coin_but_for_jobs(bazaar: Bazaar) -> None:
    with reverts(""):
        bazaar.chain.transact(bazaar.rita, bazaar.market, value=1)


def test_a_challenger_without_the_bond_opens_no_dispute(bazaar: Bazaar) -> None:
    job = bazaar.revealed()
    bazaar.cp.approve(bazaar.market, 0, sender=bazaar.carl)
    with reverts("ERC20InsufficientAllowance"):
        bazaar.dispute(job)


def test_an_upgrade_in_mid_flow_keeps_everything(bazaar: Bazaar) -> None:
    jobs = [bazaar.create(), bazaar.accepted(), bazaar.committed(), bazaar.revealed(), bazaar.call()]
    bazaar.dispute(jobs[3])

    def all_state() -> tuple[Any, ...]:
        market = bazaar.market
        return (
            *(vars(market.jobOf(job)) for job in jobs),
            market.bondOf(jobs[3], bazaar.carl),
            market.parameters(),
            market.moduleOf(1),
            market.totalJobs(),
            *(market.totalOwed(currency) for currency in (NATIVE, bazaar.usdc, bazaar.cp)),
        )

    before = all_state()
    known = (bazaar.staking, bazaar.settlement, bazaar.roots, bazaar.suite.router)
    code = bazaar.chain.deploy("JobMarket", *known, sender=bazaar.admin)
    bazaar.market.upgradeToAndCall(code, b"", sender=bazaar.admin).expect("Upgraded", implementation=code)
    assert all_state() == before
    bazaar.market.cancelJob(jobs[0], sender=bazaar.rita).expect("JobEnded", state=CANCELLED)
    bazaar.market.commitResult(jobs[1], SALT, sender=bazaar.owen)
    assert bazaar.staking.lockedStake(bazaar.owen) == 3 * BOND + 200 * CP
