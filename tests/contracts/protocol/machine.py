"""All contracts of the protocol as one Hypothesis state machine.

It has the marketplace's rules and, around them, everything that its money and its datasets lead to: models trained on
what was bought, calls paid in each of three ways, stacks that pay whoever holds a dataset then, operators with
delegators, members, agents. After every step each contract and each till holds exactly what the model says it owes.
"""

from collections.abc import Callable, Iterator
from typing import Any

from eth_utils import keccak
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from cluster.chain.roles import FUNCTIONS
from cluster.testing import reverts
from cluster.testing.batch import view
from cluster.testing.contract import Method
from tests.contracts.agents.merkle import Tree, leaf
from tests.contracts.models.reference import BASE, DERIVED
from tests.contracts.payments.comparison import TILLS_CHECKED
from tests.contracts.payments.market import publication
from tests.contracts.payments.stage import CURRENCIES, PARTIES
from tests.contracts.protocol.economy import DAY
from tests.contracts.protocol.inference import deposit_address, mostly, numbers, party, person
from tests.contracts.protocol.operators import Operators, an_operator
from tests.contracts.protocol.stage import HOLDING, MIN_OWN

STOPPABLE = ("staking", "prepaid", "members", "idle")
INPUT = keccak(text="input")
HASHES = tuple(keccak(text=f"request {number}") for number in range(4))
ZEROES = bytes(32 * 24)
WAYS = ("till", "channel", "prepaid")
LOOP: dict[str, Any] = {
    "creator": party,
    "trainer": party,
    "operator": st.sampled_from(("carol", "carol", "wallet", "reentrant")),
    "payer": person,
    "kind": st.sampled_from(("usdc", "usdc", "cp")),
    "price": st.sampled_from((20, 1_001, 25_000_019)),
    "amount": st.integers(20, 10**9),
    "free": st.booleans(),
}

TOTAL_OWED, TOTAL_BALANCE, TOTAL_STAKED, FUNDS, RESERVED = (
    keccak(text=signature)[:4]
    for signature in ("totalOwed(address)", "totalBalance(address)", "totalStaked()", "funds()", "reserved()")
)

closed: dict[str, int] = dict.fromkeys(WAYS, 0)
"""How often a call was paid in each way, swept and shared out to the holder of the data."""


class Protocol(Operators):
    """The last of its kind: what concerns everything."""

    def __init__(self) -> None:
        super().__init__()
        agents = self.suite.identity, self.suite.reputation, self.suite.validation, self.suite.activity
        self.identity, self.reputation, self.validation, self.activity = agents
        self.looks = 0
        self.upgraded: set[str] = set()

    @initialize(own=st.integers(MIN_OWN, 10**6), delegated=st.integers(0, 10**9), loop=st.fixed_dictionaries(LOOP))
    def open_the_protocol(self, own: int, delegated: int, loop: dict[str, Any]) -> None:
        """Two operators, one with delegators; a base model; money in the right places."""
        self.sequencer(False, DAY)
        self.reset_feeds()
        for name in ("carol", "wallet", "dave"):
            self.become_operator(name, 1_000)
        self.stake("carol", "carol", own, 0)
        for name in ("alice", "burner", "reentrant"):
            self.stake(name, "carol", delegated, 0)
        self.change_incentives(10**6, 7, "carol")
        self.fund_incentives("bob", 10**12)
        for name in ("alice", "bob"):
            self.register_an_agent(name, "")
        self.register_a_model("dave", BASE, [], 0, "usdc", True)
        for kind in CURRENCIES:
            self.deposit("bob", "bob", kind, 10**9, 0)
        self.grant("bob", "dave", 10**12, DAY)
        self.share_out(**loop)

    # --- the closed loop

    @rule(loop=st.fixed_dictionaries(LOOP))
    def close_the_loop(self, loop: dict[str, Any]) -> None:
        self.share_out(**loop)

    def share_out(
        self, creator: str, trainer: str, operator: str, payer: str, kind: str, price: int, amount: int, free: bool
    ) -> None:
        """Publish, buy, train a model derived from another, serve it, be paid in three ways, share it all out."""
        self.clear_the_way()
        self.names += 1
        slug = f"set-{self.names}"
        terms = [] if free else [(self.at[kind], price)]
        self.both(
            lambda: self.model.publish(self.at[creator], slug, free, terms),
            self.send(creator, self.registry.publish, publication(slug, terms, free)),
        )
        id_ = len(self.model.datasets)
        if not free:
            self.buy(trainer, id_, kind, price, trainer, "bob", 0)
        model = self.registered(trainer, DERIVED, [id_ - 1, id_], 0, kind, True)
        if model is None:
            return
        self.reinstate_all()
        for way in WAYS:
            key = (model, 1, self.at[operator])
            self.served.setdefault(key, self.settlement.tillOf(*key))
            holder = self.model.datasets[id_].holder
            before = self.model.inference[self.at[kind], holder]
            if self.serve(way, payer, model - 1, operator, kind, amount):
                self.sweep_till(key, kind, creator)
                if self.model.inference[self.at[kind], holder] > before:
                    closed[way] += 1
        for name in {self.name_of(self.model.datasets[id_].holder), trainer, "dave"} - {None}:
            if self.model.inference[self.at[kind], self.at[str(name)]]:
                self.claim_credit(str(name), kind, "self")
        for name, owed in self.rewarded():
            if owed == kind:
                self.claim_reward(name, kind, "self")

    def serve(self, way: str, payer: str, draw: int, operator: str, kind: str, amount: int) -> bool:
        """A call is paid; whether money is in the till now, or funded for it."""
        if way == "till":
            key = self.paid(payer, draw, operator, kind, amount)
            return self.model.balances[self.at[kind], self.served[key]] > 0
        if way == "channel":
            place = self.channel_opened(payer, draw, operator, kind, 0, amount)
            if place is None:
                return False
            channel, key, _ = self.opened[place]
            balance = self.model.channel(channel.receiver, channel.token).escrow(self.escrow_of(channel)).balance
            self.voucher(channel, payer, balance, balance, "signature")
            self.settle_a_receiver(place, "bob")
            return self.model.balances[self.at[kind], self.served[key]] > 0
        micro = amount if kind == "usdc" else 2
        self.deposit(payer, payer, kind, amount + 10**19 * (kind == "cp"), 0)
        self.grant(payer, "dave", 2**63, DAY)
        return bool(self.drawn("dave", kind, [(payer, draw, operator, micro)], 1))

    def clear_the_way(self) -> None:
        """Pauses, blacklistings and prices that would stop everything are undone, or soon nothing would move."""
        if self.model.paused:
            self.pause(False)
        for kind in ("usdc", "cp"):
            if self.at[kind] not in self.model.accepted:
                self.set_currency(kind, True)
        for name in sorted(self.model.stopped):
            self.stop(name, False)
        if self.model.usdc_paused:
            self.pause_usdc(False)
        for name in (*PARTIES, "treasury"):
            if self.at[name] in self.model.blacklisted:
                self.blacklist(name, False)
        self.reset_feeds()

    def reinstate_all(self) -> None:
        """A parent that was delisted is reinstated."""
        for id_, known in self.model.models.models.items():
            if known.reason:
                self.both(
                    lambda id_=id_: self.model.ask(lambda: self.model.models.reinstate(id_)),
                    self.send("admin", self.models.reinstate, id_),
                )

    # --- agents

    @rule(caller=party, uri=st.sampled_from(("", "ipfs://agent")))
    def register_an_agent(self, caller: str, uri: str) -> None:
        self.both(
            lambda: self.model.ask(lambda: self.model.agents.register(self.at[caller], uri, [])),
            self.send(caller, self.identity.register, uri),
        )

    @rule(draw=numbers, to=party, by_owner=mostly, other=party)
    def transfer_an_agent(self, draw: int, to: str, by_owner: bool, other: str) -> None:
        """At any time, with tasks open and requests pending."""
        agents = self.model.agents.agents
        if not agents:
            return
        id_ = draw % len(agents)
        owner = agents[id_].owner
        caller = (self.name_of(owner) if by_owner else None) or other
        self.both(
            lambda: self.model.ask(lambda: self.model.agents.transfer(self.at[caller], id_, self.at[to])),
            self.send(caller, self.identity.transferFrom, owner, self.at[to], id_),
        )

    @rule(
        draw=numbers,
        caller=party,
        by_owner=st.booleans(),
        way=st.sampled_from(("feedback", "revoke", "ask", "answer", "open", "log", "close")),
        value=st.integers(-100, 100),
        pick=st.integers(0, 3),
    )
    def use_an_agent(self, draw: int, caller: str, by_owner: bool, way: str, value: int, pick: int) -> None:
        agents = self.model.agents
        if not agents.agents:
            return
        id_ = draw % len(agents.agents)
        if by_owner:
            caller = self.name_of(agents.agents[id_].owner) or caller
        at, task = self.at[caller], 1 + pick
        first = agents.tasks[task - 1].steps if task <= len(agents.tasks) else 0
        tree = Tree([leaf(task, first + step, INPUT) for step in range(2)])
        ways: dict[str, tuple[Callable[[Any], None], Method, tuple[Any, ...]]] = {
            "feedback": (
                lambda m: m.give(at, id_, value, 0, ("a", "")),
                self.reputation.giveFeedback,
                (id_, value, 0, "a", "", "", "", bytes(32)),
            ),
            "revoke": (lambda m: m.revoke(at, id_, task), self.reputation.revokeFeedback, (id_, task)),
            "ask": (
                lambda m: m.ask(at, self.at["bob"], id_, HASHES[pick]),
                self.validation.validationRequest,
                (self.at["bob"], id_, "", HASHES[pick]),
            ),
            "answer": (
                lambda m: m.answer(self.at["bob"], HASHES[pick], abs(value), "a"),
                self.validation.validationResponse,
                (HASHES[pick], abs(value), "", keccak(text="a"), "a"),
            ),
            "open": (lambda m: m.open(at, id_, 0, INPUT), self.activity.openTask, (id_, 0, INPUT)),
            "log": (lambda m: m.log(at, task, tree, 2), self.activity.logSteps, (task, tree.root, 2)),
            "close": (lambda m: m.close(at, task, INPUT), self.activity.closeTask, (task, INPUT)),
        }
        action, method, args = ways[way]
        self.both(
            lambda: self.model.ask(lambda: action(self.model.agents)),
            self.send("bob" if way == "answer" else caller, method, *args),
        )

    # --- what is hostile, and what governance does

    @rule(
        first=st.sampled_from(("settlement", "settlement", "prepaid", "staking", "staking", "router")),
        second=st.sampled_from(("router", "settlement", "prepaid", "staking", "sweep", "reward", "collect")),
        draw=numbers,
        endowed=mostly,
    )
    def call_back_while_paid(self, first: str, second: str, draw: int, endowed: bool) -> None:
        """A receiver of native coin calls the same contract, or another, before it returns."""
        me = self.at["reentrant"]
        if endowed:
            self.clear_the_way()
            self.reward("alice", "carol", "eth", 10**6, 0)
            self.deposit("reentrant", "reentrant", "eth", 100, 0)
            key, _ = self.till_for(draw * 16, "reentrant")
            for _ in range(2):
                self.sweep_till(key, "eth", "bob")
                self.fund_tills("alice", [(draw * 16, "reentrant", 1_000)], "eth", 0)
        due = self.owed_x128("eth", me) >> 128
        acts = self.ways_to_be_paid(due)
        action, call = acts[second]
        receiver = self.stage.accounts["reentrant"]
        receiver.arm(call[0]._contract, call[0].calldata(*call[1:]), sender=self.admin)
        self.model.call_back = action
        expected, done = acts[first]
        self.both(expected, self.send("reentrant", *done))
        self.model.call_back = None
        receiver.arm(self.at["nobody"], b"", sender=self.admin)

    def ways_to_be_paid(self, due: int) -> dict[str, tuple[Callable[[], None], tuple[Any, ...]]]:
        model, me, eth = self.model, self.at["reentrant"], self.at["eth"]
        key = next(reversed(self.served), (1, 1, me))
        till = self.served.get(key) or self.settlement.tillOf(*key)
        address = deposit_address(self.prepaid, me)
        operators = list(model.staking.operators)
        carol = self.at["carol"]
        return {
            "router": (lambda: model.claim(me, eth, me), (self.router.claim, eth, me)),
            "settlement": (lambda: model.claim_inference(me, eth, me), (self.settlement.claim, eth, me)),
            "prepaid": (lambda: model.withdraw_prepaid(me, eth, 1, me), (self.prepaid.withdraw, eth, 1, me)),
            "staking": (
                lambda: model.claim_rewards(me, eth, me, due if model.staking.owed[eth, me] >= due else 0),
                (self.staking.claim, operators, eth, me),
            ),
            "sweep": (lambda: model.sweep(key, till, eth), (self.settlement.sweep, *key, eth)),
            "reward": (
                lambda: model.reward(me, self.at["cp"], [(carol, 3)], 0),
                (self.staking.addReward, carol, self.at["cp"], 3),
            ),
            "collect": (lambda: model.collect(me, address, eth), (self.prepaid.collect, me, eth)),
        }

    @rule(name=st.sampled_from(STOPPABLE), back=mostly, operator=an_operator, who=party)
    def stop_a_contract(self, name: str, back: bool, operator: str, who: str) -> None:
        """What brings money in is refused meanwhile; what lets it out is not."""
        self.stop(name, name not in self.model.stopped)
        self.stake(who, operator, 10, 0)
        self.deposit(who, who, "cp", 10, 0)
        self.join(who, who, 10)
        self.fund_incentives(who, 10)
        self.unstake(who, operator, 10_000, 0)
        if self.rewarded():
            self.claim_rewards(len(who), "self")
        if self.depositors():
            self.withdraw_a_deposit(len(who), 1, 0, "self")
        if back and name in self.model.stopped:
            self.stop(name, False)

    def stop(self, name: str, stopped: bool) -> None:
        contract = self.stage.accounts[name]
        self.both(
            lambda: self.model.stop(name, stopped),
            self.send("admin", contract.pause if stopped else contract.unpause),
        )

    def without_a_role(self, draw: int, caller: str) -> None:
        """Nobody else may do what a role opens, in whatever state things are."""
        opened = [
            (name, function)
            for name, roles in FUNCTIONS.items()
            for functions in roles.values()
            for function in functions
        ]
        name, function = opened[draw % len(opened)]
        contract = self.suite.protocol()[name]
        # Words of zero are arguments of any type.
        data = contract.codec.functions[function][0].selector + ZEROES
        with reverts("AccessManagedUnauthorized", self.at[caller]):
            self.chain.transact(self.stage.accounts[caller], contract, data)

    def upgrade_any(self, draw: int) -> None:
        """To the next version, or back, in mid-flow."""
        names = list(self.stage.versions)
        self.upgrade(names[draw % len(names)])

    @rule(
        what=st.one_of(
            st.tuples(st.just("without_a_role"), numbers, person), st.tuples(st.just("upgrade_any"), numbers)
        )
    )
    def use_authority(self, what: tuple[Any, ...]) -> None:
        """By those who have it, or not."""
        name, *args = what
        getattr(self, name)(*args)

    def upgrade(self, contract: str) -> None:
        name = {"router": "PaymentRouter", "registry": "DatasetRegistry", "nft": "DatasetNFT"}.get(contract, contract)
        self.upgraded ^= {name}
        implementation = self.stage.versions[name][name in self.upgraded]
        self.suite.protocol()[name].upgradeToAndCall(implementation, b"", sender=self.admin)

    @rule(
        name=st.sampled_from(("settlement", "staking", "members", "idle")),
        kind=st.sampled_from(CURRENCIES),
        payer=party,
        amount=st.integers(1, 1_001),
        more=st.sampled_from((0, 0, 1)),
        to=st.sampled_from((*PARTIES, "self", "nobody")),
        rescue=st.booleans(),
    )
    def give_by_mistake(self, name: str, kind: str, payer: str, amount: int, more: int, to: str, rescue: bool) -> None:
        """Money that nobody is owed comes, and governance takes it out again: that, and no more."""
        contract, at = self.at[name], self.at[kind]
        if name in ("members", "idle"):
            kind, at = "cp", self.at["cp"]
        if kind == "eth":
            self.chain.fund(self.admin, amount)
            self.chain.deploy("ForcedSender", contract, sender=self.admin, value=amount)
            self.model.run(lambda: self.forced(contract, amount))
        elif self.affordable(payer, kind, amount):
            self.both(
                lambda: self.model.donate(contract, at, self.at[payer], amount),
                self.plain_transfer(payer, kind, contract, amount),
            )
        if not rescue:
            return
        units, receiver = self.model.donated[contract, at] + more, contract if to == "self" else self.at[to]
        args = (receiver, units) if name in ("members", "idle") else (at, receiver, units)
        self.both(
            lambda: self.model.rescue_from(contract, at, receiver, units),
            self.send("admin", self.stage.accounts[name].rescueSurplus, *args),
        )

    def forced(self, contract: str, amount: int) -> None:
        self.model.balances[self.at["eth"], contract] += amount
        self.model.donated[contract, self.at["eth"]] += amount

    # --- what must hold after every step

    def money_accounts(self) -> Iterator[str]:
        yield from super().money_accounts()
        yield from (self.at[name] for name in HOLDING)
        yield from list(self.served.values())[-TILLS_CHECKED:]

    def compare(self) -> None:
        super().compare()
        self.every_contract_holds_exactly_what_it_owes()
        self.a_part_of_everything_is_as_the_model_says()

    def every_contract_holds_exactly_what_it_owes(self) -> None:
        model, at = self.model, self.at
        views = [
            *(view(at["settlement"], TOTAL_OWED, at[kind]) for kind in CURRENCIES),
            *(view(at["prepaid"], TOTAL_BALANCE, at[kind]) for kind in CURRENCIES),
            *(view(at["staking"], TOTAL_OWED, at[kind]) for kind in CURRENCIES),
            view(at["staking"], TOTAL_STAKED),
            view(at["members"], TOTAL_STAKED),
            view(at["idle"], FUNDS),
            view(at["idle"], RESERVED),
        ]
        owed = [
            *(model.settlement_owes(at[kind]) for kind in CURRENCIES),
            *(model.prepaid_owes(at[kind]) for kind in CURRENCIES),
            *(model.staking.total_owed[at[kind]] for kind in CURRENCIES),
            model.staking.total_staked,
            model.members_owe(),
            model.idle_funds,
            model.idle_reserved,
        ]
        assert self.stage.batch.words(views) == owed
        count = len(CURRENCIES)
        *_, staked, members, funds, reserved = owed
        for place, kind in enumerate(CURRENCIES):
            cp = kind == "cp"
            holding = {
                "settlement": owed[place],
                "prepaid": owed[count + place],
                "staking": owed[2 * count + place] + staked * cp,
                "members": members * cp,
                "idle": (funds + reserved) * cp,
                "channels": model.channels_owe(at[kind]),
                "collector": 0,
            }
            for name, units in holding.items():
                # That the ledger is what the contracts hold is checked with everybody's money.
                assert model.balances[at[kind], at[name]] == units + model.donated[at[name], at[kind]], (name, kind)

    def a_part_of_everything_is_as_the_model_says(self) -> None:
        """In turn: a wrong state stays wrong."""
        checks = self.checks()
        self.looks += 1
        if self.looks % 3 == 0:
            checks[self.looks // 3 % len(checks)]()

    def checks(self) -> tuple[Callable[[], None], ...]:
        return (
            self.check_credits,
            self.check_prepaid,
            self.check_stacks,
            self.check_channels,
            self.check_operators,
            self.check_rewards,
            self.check_members,
            self.check_agents,
        )

    def check_credits(self) -> None:
        for (at, account), amount in self.model.inference.items():
            assert self.settlement.claimable(at, account) == amount
        for (key, at), amount in self.model.funded.items():
            assert self.settlement.fundedFor(*key, at) == amount

    def check_prepaid(self) -> None:
        for (at, account), amount in self.model.prepaid.items():
            assert self.prepaid.balanceOf(account, at) == amount
        for (account, relay), grant in self.model.grants.items():
            grant.renew(self.chain.time)
            found = self.prepaid.grantOf(account, relay)
            assert (found.limit, found.period, found.spent, found.since) == tuple(vars(grant).values())
        for relay, count in self.model.batches.items():
            assert self.suite.receipts.batchCount(relay) == count

    def check_stacks(self) -> None:
        """Whoever holds a dataset now is who is paid now."""
        registry = self.model.models
        for id_ in list(registry.models)[-4:]:
            version = len(registry.models[id_].versions)
            treasury, stack, accounts, ppm = self.models.payeesOf(id_, version)
            assert (treasury, stack) == registry.version(id_, version).stack[:2]
            assert list(zip(accounts, ppm, strict=True)) == registry.payees(id_, version)

    def check_channels(self) -> None:
        for (till, at), known in self.model.channels.items():
            assert self.batch_settlement.receivers(till, at) == (known.claimed, known.settled)
        for channel, _, _ in self.opened:
            escrow = self.model.channel(channel.receiver, channel.token).escrow(self.escrow_of(channel))
            assert self.batch_settlement.channels(channel.id) == (escrow.balance, escrow.claimed)
            assert self.batch_settlement.refundNonce(channel.id) == escrow.nonce

    def check_agents(self) -> None:
        agents = self.model.agents
        assert self.identity.totalRegistered() == len(agents.agents)
        for id_, known in enumerate(agents.agents):
            assert self.identity.ownerOf(id_) == known.owner
            assert self.identity.getAgentWallet(id_) == known.wallet
            clients = agents.clients(id_)
            if clients:
                expected = agents.reputation(id_, clients, "", "")
                assert self.reputation.getSummary(id_, clients, "", "") == expected
        assert self.activity.taskCount() == len(agents.tasks)

    def check_everything(self) -> None:
        """And at the end everybody can take out what they are owed, whatever was paused, upgraded or sold."""
        self.clear_the_way()
        super().check_everything()
        for check in self.checks():
            check()
        for name, kind in self.earners():
            self.claim_credit(name, kind, "dave")
        for name, kind in self.depositors():
            amount = self.model.prepaid[self.at[kind], self.at[name]]
            self.both(
                lambda n=name, k=kind, a=amount: self.model.withdraw_prepaid(
                    self.at[n], self.at[k], a, self.at["dave"]
                ),
                self.send(name, self.prepaid.withdraw, self.at[kind], amount, self.at["dave"]),
            )
        for name, kind in self.rewarded():
            self.claim_reward(name, kind, "dave")
        self.money_is_where_the_model_says()
        self.every_contract_holds_exactly_what_it_owes()
