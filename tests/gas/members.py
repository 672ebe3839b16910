"""Gas of MemberStaking. `first`: nobody had any stake."""

from tests.gas.meter import CP, Meter

WEEK = 7 * 86_400


def measure(meter: Meter) -> None:
    members = meter.suite.members
    with meter.apart():
        member = meter.member("member", members)
        for when in ("first", "again"):
            meter(f"member_stake_{when}", members.stakeFor, member, 100 * CP, sender=member)
        meter("member_unstake", members.unstake, 20 * CP, sender=member)
        meter("member_cancel_unstake", members.cancelUnstake, 10 * CP, sender=member)
        meter.chain.mine(WEEK)
        meter("member_withdraw", members.withdraw, member, sender=member)
