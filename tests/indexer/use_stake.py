"""Random use of operators' and members' stake, and of the idle incentives."""

from typing import TYPE_CHECKING, Any

from cluster.testing.suite import NATIVE

if TYPE_CHECKING:
    from tests.indexer.traffic import Traffic

CP = 10**18
AMOUNTS = (1, 3, 10**9 + 7, CP, 250 * CP)
DAY = 86_400
TIERS = ([(1, 0, 0)], [(5, 100, 1), (CP, 500, 2), (100 * CP, 10_000, 9)])


class StakeUse:
    """Anybody may be operator, delegator and member; `admin` locks and slashes."""

    def __init__(self, traffic: "Traffic") -> None:
        self.traffic = traffic
        self.random = traffic.random
        self.suite = traffic.suite
        self.staking, self.members, self.idle = traffic.suite.staking, traffic.suite.members, traffic.suite.idle
        self.admin = traffic.suite.admin
        self.locks: list[tuple[Any, int]] = []
        self.epochs: list[int] = []

    def begin(self) -> None:
        """What would keep most of the rest from happening."""
        self.traffic.send(self.admin, self.staking, "setMinOwnStake", CP)
        self.traffic.send(self.admin, self.members, "setTiers", TIERS[1])
        self.traffic.send(self.admin, self.members, "setCooldown", 60)
        self.traffic.send(self.admin, self.idle, "setClassWeight", 1, 3)
        for account in self.traffic.accounts[::2]:
            self.traffic.send(self.admin, self.idle, "setCapacityClass", account, 1)
            self.traffic.send_text(account, self.staking, "register", self.traffic.TEXT, 2_000, 5_000)
            self.traffic.send(account, self.staking, "stake", account, 250 * CP, 0)

    def step(self) -> None:
        """One transaction or a few."""
        self.traffic.turn(
            type(self).__name__,
            (
                *(
                    self.register,
                    self.stake,
                    self.stake,
                    self.unstake,
                    self.leave,
                    self.reward,
                    self.reward,
                    self.claim,
                ),
                *(
                    self.claim,
                    self.lock,
                    self.slash,
                    self.become_member,
                    self.challenge,
                    self.pay_idle,
                    self.govern,
                    self.rescue,
                ),
            ),
        )()

    def operator(self) -> Any:
        """An operator, mostly."""
        known = [account for account in self.traffic.accounts if self.staking.isOperator(account)]
        return self.random.choice(known) if known and self.random.random() < 0.95 else self.traffic.account()

    def amount(self) -> int:
        return self.random.choice(AMOUNTS)

    def register(self) -> None:
        account = self.traffic.account()
        if self.staking.isOperator(account):
            if self.random.random() < 0.4:
                self.traffic.send_text(account, self.staking, "setURI", self.traffic.TEXT)
            else:
                self.traffic.send(account, self.staking, "setCommission", self.random.choice([0, 100, 4_999]))
        else:
            commission = self.random.choice([0, 2_000])
            self.traffic.send_text(account, self.staking, "register", self.traffic.TEXT, commission, 5_000)

    def stake(self) -> None:
        operator = self.operator()
        account = operator if self.random.random() < 0.4 else self.traffic.account()
        self.traffic.send(account, self.staking, "stake", operator, self.amount(), 0)

    def unstake(self) -> None:
        operator = self.operator()
        for account in self.random.sample(self.traffic.accounts, 2):
            if self.staking.isOperator(operator):
                shares, *_ = self.staking.positionOf(operator, account)
                if shares:
                    part = self.random.choice([shares, 1, max(shares // 3, 1)])
                    self.traffic.send(account, self.staking, "unstake", operator, part)

    def leave(self) -> None:
        """Takes out what has thawed, or stakes it on another operator."""
        operator, other = self.operator(), self.operator()
        if not self.staking.isOperator(operator):
            return
        for account in self.traffic.accounts:
            *_, tranches = self.staking.positionOf(operator, account)
            for tranche in range(tranches)[-3:]:
                if self.staking.trancheOf(operator, account, tranche)[0].shares == 0:
                    continue
                if self.random.random() < 0.6:
                    self.traffic.send(account, self.staking, "withdraw", operator, tranche, self.traffic.person())
                else:
                    self.traffic.send(account, self.staking, "redelegate", operator, tranche, other, 0)

    def reward(self) -> None:
        operator, currency = self.operator(), self.traffic.currency()
        amount = self.random.choice([1, 7, 10**6 + 1, CP // 3])
        value = amount if currency == NATIVE else 0
        payer = self.traffic.person()
        if currency == self.suite.usdc.address:
            amount = min(amount, 10**6 + 1)
        self.traffic.send(payer, self.staking, "addReward", operator, currency, amount, value=value)
        for held in self.traffic.accounts:
            if self.staking.isOperator(held) and self.staking.heldReward(held, currency):
                if self.random.random() < 0.5:
                    self.traffic.send(held, self.staking, "stake", held, 250 * CP, 0)
                self.traffic.send(self.traffic.person(), self.staking, "releaseHeld", held, currency)

    def claim(self) -> None:
        named = [account for account in self.traffic.accounts if self.random.random() < 0.5]
        named = [account for account in named if self.staking.isOperator(account)]
        claim = (named, self.traffic.currency(), self.traffic.person())
        self.traffic.send(self.traffic.account(), self.staking, "claim", *claim)

    def lock(self) -> None:
        operator = self.operator()
        if self.locks and self.random.random() < 0.4:
            operator, lock = self.locks.pop(self.random.randrange(len(self.locks)))
            self.traffic.send(self.admin, self.staking, "unlock", operator, lock)
            return
        found = self._will_lock(operator, "lock", self.random.choice([1, CP]))
        if found is not None:
            self.locks.append((operator, found[0]))

    def _will_lock(self, operator: Any, function: str, amount: int) -> Any:
        """Sends a lock; what it will return, if nothing comes between, or None if it can't be."""
        method = getattr(self.staking, function)
        found = self.traffic.would(self.admin, self.staking, method, operator, amount)
        if found is None:
            return None
        self.traffic.send(self.admin, self.staking, function, operator, amount)
        return found if isinstance(found, tuple) else (found, amount)

    def slash(self) -> None:
        """A little, or all there is; what was locked before keeps part of it from that."""
        amount = 2**90 if self.random.random() < 0.5 else self.amount()
        operator = self.operator()
        found = self._will_lock(operator, "lockDisputed", amount)
        if found is not None:
            lock, locked = found
            taken = locked if self.random.random() < 0.7 else max(locked // 2, 1)
            challenger = self.random.choice([NATIVE, self.traffic.person().address])
            self.traffic.send(self.admin, self.staking, "slash", operator, lock, taken, challenger)

    def become_member(self) -> None:
        account = self.traffic.account()
        kind = self.traffic.turn("become_member", range(5))
        if kind <= 1:
            self.traffic.send(account, self.members, "stakeFor", account, self.amount())
        elif kind == 2:
            for cooled in self.traffic.accounts:
                self.traffic.send(cooled, self.members, "withdraw", self.traffic.person())
        else:
            for member in self.traffic.accounts:
                of = self.members.membershipOf(member)
                if of.staked:
                    self.traffic.send(member, self.members, "unstake", self.random.choice([1, of.staked]))
                if kind == 3 and of.staked + of.cooling:
                    self.traffic.send(
                        member, self.members, "cancelUnstake", self.random.choice([1, max(of.cooling, 1)])
                    )

    def challenge(self) -> None:
        """One round: everybody who is an operator tries to answer."""
        self.traffic.send(self.traffic.person(), self.idle, "fund", self.amount())
        self.traffic.send(self.admin, self.idle, "openChallenge")
        epoch = self.traffic.now() // DAY
        self.epochs.append(epoch)
        likely = self.random.choice([0, 0.8])
        for account in self.traffic.accounts:
            if self.random.random() < likely:
                self.traffic.send(account, self.idle, "answer", epoch, account)
            elif self.random.random() < 0.3:
                self.traffic.send(account, self.idle, "setNode", self.random.choice([NATIVE, self.traffic.account()]))

    def pay_idle(self) -> None:
        for epoch in self.epochs[-4:]:
            due = [account for account in self.traffic.accounts if self.idle.dueWeight(epoch, account)]
            some = due[: self.random.randint(1, 3)]
            if some:
                self.traffic.send(self.traffic.person(), self.idle, "pay", epoch, some)
            else:
                self.traffic.send(self.traffic.person(), self.idle, "returnPot", epoch)

    def govern(self) -> None:
        send, admin = self.traffic.send, self.admin
        kind = self.traffic.turn("govern stake", range(7))
        if kind == 0:
            send(admin, self.staking, "setMinOwnStake", self.random.choice([0, CP]))
        elif kind == 1:
            send(admin, self.members, "setTiers", [])
            send(admin, self.members, "setTiers", self.random.choice(TIERS))
        elif kind == 2:
            send(admin, self.members, "setCooldown", self.random.choice([0, 60, 90 * DAY]))
        elif kind == 3:
            send(admin, self.idle, "setRate", self.random.choice([0, 1, CP]))
        elif kind <= 5:
            contract = self.traffic.turn("pause", (self.staking, self.members, self.idle))
            send(admin, contract, "pause")
            if self.random.random() < 0.9:
                send(admin, contract, "unpause")
        for account in self.random.sample(self.traffic.accounts, 2):
            send(admin, self.idle, "setCapacityClass", account, self.random.choice([0, 1, 255]))
        send(admin, self.idle, "setClassWeight", self.random.choice([1, 255]), self.random.choice([1, 3, 2**16 - 1]))

    def rescue(self) -> None:
        contract = self.traffic.turn("rescue", (self.staking, self.members, self.idle))
        self.traffic.send(self.traffic.person(), self.suite.token, "transfer", contract.address, 3)
        what = (self.suite.token.address,) if contract is self.staking else ()
        self.traffic.send(self.admin, contract, "rescueSurplus", *what, self.traffic.person(), 2)
