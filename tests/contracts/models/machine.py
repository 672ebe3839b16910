"""The model registry as a Hypothesis state machine, with the datasets and currencies that it depends on.

Every rule does the same to the contracts and to `reference.Registry`: it succeeds in both, or reverts with exactly the
reference's error. After each step one model is compared in full; at the end all of them, with the reference, with what
the events alone say, and each version with what it was when it was added.
"""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cluster.testing import Chain, Receipt, reverts
from cluster.testing.suite import NATIVE, deploy_suite
from tests.contracts.models.reference import Content, Dataset, Refused, Registry
from tests.contracts.models.replay import Replay
from tests.contracts.models.world import (
    BASE,
    DERIVED,
    FIGURES,
    HOSTED,
    NO_WEIGHTS,
    World,
    category,
    tuples,
    weights,
)

PEOPLE = ("alice", "bob", "carol", "dora")
NAMESPACES = ("acme", "bob", "x.y")
NAMES = tuple(f"{space}/{name}" for name in ("one", "two", "three", "four", "five") for space in NAMESPACES)
ODD_NAMES = ("", "acme", "acme/", "Acme/one", "acme/one/two", "-x/y", "acme/one two")
PAID = 10**6
DATASETS = 14
GOOD_FIGURES = (
    FIGURES,
    (0, 0, 900_000, 50_000, 50_000),
    (100_000, 500_000, 50_000, 50_000, 900_000),
    (12_345, 123_456, 333_333, 333_333, 333_334),
)
BAD_FIGURES = (
    (100_001, 0, 500_000, 300_000, 200_000),
    (0, 500_001, 500_000, 300_000, 200_000),
    (0, 0, 949_999, 49_999, 2),
    (0, 0, 500_000, 300_000, 200_001),
)

person = st.sampled_from(PEOPLE)
mostly = st.sampled_from((True,) * 5 + (False,))
number = st.sampled_from(range(1_000))
price = st.sampled_from((0, 1, 999_999, 10**6, 2**128 - 1))
weight = st.sampled_from((1, 2, 3, 500, 999, 1_000))
used = st.dictionaries(st.integers(1, DATASETS), weight, max_size=3).map(lambda found: sorted(found.items()))
much_used = st.dictionaries(st.integers(1, DATASETS), weight, min_size=8).map(lambda f: sorted(f.items()))
oddly_used = st.lists(
    st.tuples(st.integers(0, DATASETS + 1), st.sampled_from((0, 1, 1_000, 1_001))), min_size=1, max_size=3
)
currency = st.sampled_from(("usdc", "usdc", "cp", "eth", "nft"))
flaw = st.sampled_from((None,) * 11 + ("weights", "cid", "manifest", "category", "parent", "version"))


class Stage:
    """The contracts, people and datasets, made once; every example undoes what it did."""

    def __init__(self) -> None:
        self.chain = Chain()
        suite = deploy_suite(self.chain)
        self.world = world = World(suite)
        self.people = {name: getattr(world, name) for name in PEOPLE}
        self.address = {name: account.address for name, account in self.people.items()}
        self.currencies = {
            "usdc": suite.usdc.address,
            "cp": suite.token.address,
            "eth": NATIVE,
            "nft": suite.nft.address,
        }
        for count in range(DATASETS):
            holder = self.people[PEOPLE[count % len(PEOPLE)]]
            world.dataset(f"data-{count}", price=PAID * (count % 2), holder=holder)
        for account in self.people.values():
            suite.usdc.mint(account, 10**12, sender=suite.admin)
            suite.usdc.approve(suite.router, 10**12, sender=account)

    def reference(self) -> Registry:
        accepted = {self.currencies[name] for name in ("usdc", "cp", "eth")}
        registry = Registry(FIGURES, accepted, lambda: self.chain.time)
        for count in range(DATASETS):
            holder = self.address[PEOPLE[count % len(PEOPLE)]]
            registry.datasets[count + 1] = Dataset(holder, free=count % 2 == 0)
        return registry


_stage: list[Stage] = []


def stage() -> Stage:
    if not _stage:
        _stage.append(Stage())
    return _stage[0]


class Models(RuleBasedStateMachine):
    """Rules name people; `self.at` has their addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.stage = stage()
        self.world, self.chain, self.at = self.stage.world, self.stage.chain, self.stage.address
        self.models, self.registry, self.nft = self.world.models, self.world.registry, self.world.nft
        self.admin = self.world.admin
        self.isolation = self.chain.isolated()
        self.isolation.__enter__()
        self.reference = self.stage.reference()
        self.replay = Replay(FIGURES)
        self.fixed: dict[tuple[int, int], Any] = {}
        self.looked_at = 0

    def teardown(self) -> None:
        try:
            self.check_everything()
        finally:
            self.isolation.__exit__(None, None, None)

    # --- both sides

    def both(self, expected: Callable[[], Any], on_chain: Callable[[], Receipt]) -> bool:
        """Does the same in both; whether it succeeded."""
        try:
            expected()
        except Refused as refused:
            with reverts(refused.name, *refused.values):
                on_chain()
            return False
        receipt = on_chain()
        ours = [event for event in receipt.events if event.address == self.models.address]
        assert ours, "a change of state without an event"
        self.replay.feed(ours, self.chain.time)
        return True

    def pick(self, draw: int) -> int:
        """Id of a known model, rarely of one that is not."""
        known = len(self.reference.models)
        return draw % known + 1 if draw % 16 else (known + 1) * (draw % 32 // 16)

    def caller(self, id_: int, by_owner: bool, other: str) -> str:
        model = self.reference.models.get(id_)
        owners = [name for name, address in self.at.items() if model and address == model.owner]
        return owners[0] if owners and by_owner else other

    def content(
        self, kind: int, draw: int, uses: list[tuple[int, int]], prices: tuple[int, int], of: str, flawed: str | None
    ) -> Content:
        """A version of that kind: right, unless it is flawed or the times are against it."""
        parent, modality = (0, 0), draw % 6
        known = self.reference.models
        if (kind == DERIVED) != (flawed == "parent") and known:
            id_ = draw % len(known) + 1
            parent = (id_, draw % len(known[id_].versions) + 1)
        if flawed == "version":
            parent = (parent[0], parent[1] + 1 + draw % 3)
        commitment = {
            "weights": NO_WEIGHTS,
            "cid": weights("odd", codec=0x71),
            "manifest": (weights("w")[0], b"\0" * 32),
        }.get(flawed or "", weights(f"weights {draw}", codec=0x55 if draw % 2 else 0x70))
        return Content(
            uri=f"ipfs://{draw}",
            weights=commitment,
            datasets=() if kind == BASE and draw % 8 else tuple(uses),
            parent=parent,
            category=b"\0" * 32 if flawed == "category" else category("text-generation"),
            prices=prices if modality in (0, 2, 5) or draw % 8 == 0 else (prices[0], 0),
            currency=self.stage.currencies[of],
            modality=modality,
        )

    def struct(self, content: Content) -> dict[str, Any]:
        return self.world.version(
            uri=content.uri,
            weights=content.weights,
            datasets=list(content.datasets),
            parent=content.parent,
            taskCategory=content.category,
            prices=content.prices,
            currency=content.currency,
            modality=content.modality,
        )

    def remember(self, id_: int) -> None:
        """What the latest version is on the chain, once and for ever."""
        version = len(self.reference.models[id_].versions)
        self.fixed[id_, version] = self.answers(id_, version)

    def answers(self, id_: int, version: int) -> Any:
        views = (self.models.versionOf, self.models.datasetsOf, self.models.stackOf)
        return tuple(tuples(view(id_, version)) for view in views)

    # --- models

    @initialize(draw=number, uses=used, prices=st.tuples(price, price))
    def open(self, draw: int, uses: list[tuple[int, int]], prices: tuple[int, int]) -> None:
        self.register("alice", "acme/one", BASE, draw * 8 + 1, uses, prices, "usdc", None)

    @rule(
        caller=person,
        name=st.sampled_from(NAMES + NAMES + ODD_NAMES),
        kind=st.sampled_from((BASE, HOSTED, HOSTED, DERIVED, DERIVED, DERIVED)),
        draw=number,
        uses=used | used | used | much_used | oddly_used,
        prices=st.tuples(price, price),
        of=currency,
        flawed=flaw,
    )
    def register(
        self,
        caller: str,
        name: str,
        kind: int,
        draw: int,
        uses: list[tuple[int, int]],
        prices: tuple[int, int],
        of: str,
        flawed: str | None,
    ) -> None:
        content = self.content(kind, draw, uses, prices, of, flawed)
        if self.both(
            lambda: self.reference.register(self.at[caller], name, kind, content),
            lambda: self.models.register(name, kind, self.struct(content), sender=self.stage.people[caller]),
        ):
            self.remember(len(self.reference.models))

    @rule(
        caller=person,
        kind=st.sampled_from((HOSTED, DERIVED, DERIVED)),
        draw=number,
        uses=used | used | much_used,
        prices=st.tuples(price, price),
    )
    def register_well(
        self, caller: str, kind: int, draw: int, uses: list[tuple[int, int]], prices: tuple[int, int]
    ) -> None:
        """What should succeed: a free name, data that the caller has access to, a currency that is accepted."""
        free = [name for name in NAMES if not self.reference.id_of(name)]
        if free:
            holder = self.reference.namespaces.get(free[0].split("/")[0])
            by = self.person_at(holder) if holder else caller
            of = self.accepted_currency(draw)
            self.register(by, free[0], kind, draw, self.accessible(by, uses), prices, of, None)

    @rule(
        draw=number,
        seed=number,
        uses=used | used | much_used,
        prices=st.tuples(price, price),
    )
    def add_version_well(self, draw: int, seed: int, uses: list[tuple[int, int]], prices: tuple[int, int]) -> None:
        """What should succeed, for a model that has a stack."""
        earning = [id_ for id_, model in self.reference.models.items() if model.kind != BASE]
        if not earning:
            return
        id_ = earning[draw % len(earning)]
        caller = self.caller(id_, True, "alice")
        of = self.accepted_currency(seed)
        self.add_version_to(id_, caller, seed, self.accessible(caller, uses), prices, of, None)

    def accessible(self, caller: str, uses: list[tuple[int, int]]) -> list[tuple[int, int]]:
        datasets = self.reference.datasets
        return [(dataset, weight) for dataset, weight in uses if datasets[dataset].open_to(self.at[caller])]

    def accepted_currency(self, draw: int) -> str:
        accepted = [name for name, at in self.stage.currencies.items() if at in self.reference.currencies]
        return accepted[draw % len(accepted)] if accepted else "usdc"

    @rule(
        draw=number,
        by_owner=mostly,
        other=person,
        seed=number,
        uses=used | used | much_used | oddly_used,
        prices=st.tuples(price, price),
        of=currency,
        flawed=flaw,
    )
    def add_version(
        self,
        draw: int,
        by_owner: bool,
        other: str,
        seed: int,
        uses: list[tuple[int, int]],
        prices: tuple[int, int],
        of: str,
        flawed: str | None,
    ) -> None:
        id_ = self.pick(draw)
        self.add_version_to(id_, self.caller(id_, by_owner, other), seed, uses, prices, of, flawed)

    def add_version_to(
        self,
        id_: int,
        caller: str,
        seed: int,
        uses: list[tuple[int, int]],
        prices: tuple[int, int],
        of: str,
        flawed: str | None,
    ) -> None:
        model = self.reference.models.get(id_)
        content = self.content(model.kind if model else HOSTED, seed, uses, prices, of, flawed)
        if self.both(
            lambda: self.reference.add_version(self.at[caller], id_, content),
            lambda: self.models.addVersion(id_, self.struct(content), sender=self.stage.people[caller]),
        ):
            self.remember(id_)

    @rule(draw=number, by_owner=mostly, other=person, seed=number, prices=st.tuples(price, price), of=currency)
    def reprice(self, draw: int, by_owner: bool, other: str, seed: int, prices: tuple[int, int], of: str) -> None:
        id_ = self.pick(draw)
        caller = self.caller(id_, by_owner, other)
        model = self.reference.models.get(id_)
        source = seed % (len(model.versions) + 2) if model else 1
        to = self.stage.currencies[of if draw % 3 == 0 else self.accepted_currency(seed)]
        if self.both(
            lambda: self.reference.reprice(self.at[caller], id_, source, to, prices),
            lambda: self.models.reprice(id_, source, to, prices, sender=self.stage.people[caller]),
        ):
            self.remember(id_)

    @rule(draw=number, by_owner=mostly, other=person, to=st.sampled_from((*PEOPLE, "nobody")), accepts=mostly)
    def change_hands(self, draw: int, by_owner: bool, other: str, to: str, accepts: bool) -> None:
        id_ = self.pick(draw)
        caller = self.caller(id_, by_owner, other)
        receiver = self.at.get(to, NATIVE)
        self.both(
            lambda: self.reference.offer(self.at[caller], id_, receiver),
            lambda: self.models.offerOwnership(id_, receiver, sender=self.stage.people[caller]),
        )
        if accepts and to != "nobody":
            self.accept(draw, to)

    @rule(draw=number, caller=person)
    def accept(self, draw: int, caller: str) -> None:
        id_ = self.pick(draw)
        self.both(
            lambda: self.reference.accept(self.at[caller], id_),
            lambda: self.models.acceptOwnership(id_, sender=self.stage.people[caller]),
        )

    @rule(caller=person, namespace=st.sampled_from(NAMESPACES), to=st.sampled_from((*PEOPLE, "nobody")))
    def transfer_namespace(self, caller: str, namespace: str, to: str) -> None:
        receiver = self.at.get(to, NATIVE)
        self.both(
            lambda: self.reference.transfer_namespace(self.at[caller], namespace, receiver),
            lambda: self.models.transferNamespace(namespace, receiver, sender=self.stage.people[caller]),
        )

    @rule(draw=number, by_owner=mostly, other=person, listed=mostly)
    def set_listed(self, draw: int, by_owner: bool, other: str, listed: bool) -> None:
        id_ = self.pick(draw)
        caller = self.caller(id_, by_owner, other)
        self.both(
            lambda: self.reference.set_listed(self.at[caller], id_, listed),
            lambda: self.models.setListed(id_, listed, sender=self.stage.people[caller]),
        )

    @rule(draw=number, reason=st.sampled_from((0, 1, 451, 65_535)), back=mostly)
    def moderate(self, draw: int, reason: int, back: bool) -> None:
        id_ = self.pick(draw)
        self.both(
            lambda: self.reference.delist(id_, reason),
            lambda: self.models.delist(id_, reason, sender=self.admin),
        )
        if back:
            self.both(
                lambda: self.reference.reinstate(id_),
                lambda: self.models.reinstate(id_, sender=self.admin),
            )

    @rule(figures=st.sampled_from(GOOD_FIGURES + BAD_FIGURES))
    def set_figures(self, figures: tuple[int, int, int, int, int]) -> None:
        self.both(
            lambda: self.reference.set_figures(figures),
            lambda: self.models.setFigures(figures, sender=self.admin),
        )

    @rule(caller=person, function=st.sampled_from(("setFigures", "delist", "reinstate", "upgradeToAndCall")))
    def usurp_or_upgrade(self, caller: str, function: str) -> None:
        args = {"setFigures": (FIGURES,), "delist": (1, 1), "reinstate": (1,), "upgradeToAndCall": (self.models, b"")}
        with reverts("AccessManagedUnauthorized", self.at[caller]):
            getattr(self.models, function)(*args[function], sender=self.stage.people[caller])
        if function == "upgradeToAndCall":
            implementation = self.chain.deploy("ModelRegistry", self.registry, sender=self.admin)
            self.models.upgradeToAndCall(implementation, b"", sender=self.admin)

    # --- what it depends on

    @rule(dataset=st.integers(1, DATASETS), to=person)
    def hand_over_a_dataset(self, dataset: int, to: str) -> None:
        known = self.reference.datasets[dataset]
        holder = self.person_at(known.holder)
        self.nft.transferFrom(known.holder, self.at[to], dataset, sender=self.stage.people[holder])
        known.holder = self.at[to]

    @rule(dataset=st.integers(1, DATASETS), buyer=person)
    def buy_a_dataset(self, dataset: int, buyer: str) -> None:
        known = self.reference.datasets[dataset]
        on_offer = known.listed and not known.delisted and not known.free
        sold = self.registry.priceOf(dataset, self.world.usdc) > 0
        accepted = self.stage.currencies["usdc"] in self.reference.currencies
        if on_offer and sold and accepted and self.at[buyer] not in known.buyers | {known.holder}:
            args = (dataset, self.world.usdc, PAID, self.at[buyer], NATIVE)
            self.world.router.purchase(*args, sender=self.stage.people[buyer])
            known.buyers.add(self.at[buyer])

    @rule(dataset=st.integers(1, DATASETS), change=st.sampled_from(("free", "listed", "delisted")), to=st.booleans())
    def open_or_close_a_dataset(self, dataset: int, change: str, to: bool) -> None:
        known = self.reference.datasets[dataset]
        holder = self.stage.people[self.person_at(known.holder)]
        if change == "free":
            self.registry.setFree(dataset, to, sender=holder)
        elif change == "listed":
            self.registry.setListed(dataset, to, sender=holder)
        elif to:
            self.registry.delist(dataset, 9, sender=self.admin)
        elif known.delisted:
            self.registry.reinstate(dataset, sender=self.admin)
        setattr(known, change, to)

    @rule(of=st.sampled_from(("usdc", "cp", "eth")), accepted=mostly)
    def accept_a_currency_or_not(self, of: str, accepted: bool) -> None:
        address = self.stage.currencies[of]
        self.world.router.setCurrency(address, accepted, sender=self.admin)
        (self.reference.currencies.add if accepted else self.reference.currencies.discard)(address)

    @rule(seconds=st.integers(1, 10**6))
    def time_goes_by(self, seconds: int) -> None:
        self.chain.mine(seconds)

    def person_at(self, address: str) -> str:
        return next(name for name, known in self.at.items() if known == address)

    # --- what must hold

    @precondition(lambda self: self.reference.models)
    @invariant()
    def one_model_is_right(self) -> None:
        self.looked_at = self.looked_at % len(self.reference.models) + 1
        self.check_model(self.looked_at)

    def check_model(self, id_: int) -> None:
        model = self.reference.models[id_]
        assert tuples(self.models.modelOf(id_)) == model.struct() == self.replay.model(id_)
        assert self.models.ownerOf(id_) == model.owner
        assert self.models.isOnOffer(id_) == (model.listed and model.reason == 0)
        number_of_versions = len(model.versions)
        assert self.models.latestVersionOf(id_) == number_of_versions
        for version in {1, number_of_versions}:
            self.check_version(id_, version)

    def check_version(self, id_: int, number: int) -> None:
        version = self.reference.version(id_, number)
        content = version.content
        treasury, part, rows = version.stack
        expected = (
            (
                content.uri,
                content.weights,
                content.parent[0],
                content.category,
                content.prices,
                content.currency,
                content.parent[1],
                content.modality,
                version.source,
                version.added_at,
            ),
            [*content.datasets],
            (treasury, part, [*rows]),
        )
        assert self.answers(id_, number) == expected == self.fixed[id_, number]
        payees = self.reference.payees(id_, number)
        accounts, ppm = [account for account, _ in payees], [ppm for _, ppm in payees]
        assert self.models.payeesOf(id_, number) == (treasury, part, accounts, ppm)
        assert sum(ppm) == (1_000_000 if part or rows else 0)
        fee = self.reference.fee(id_, number, 12_345, 67)
        assert self.models.feeOf(id_, number, 12_345, 67) == (content.currency, fee)

    def check_everything(self) -> None:
        assert self.models.totalModels() == len(self.reference.models) == len(self.replay.models)
        assert tuples(self.models.figures()) == self.reference.figures == self.replay.figures
        for namespace in NAMESPACES:
            holder = self.reference.namespaces.get(namespace, NATIVE)
            assert self.models.holderOfNamespace(namespace) == holder == self.replay.namespaces.get(namespace, NATIVE)
        for name in NAMES:
            assert self.models.modelIdOf(name) == self.reference.id_of(name) == self.replay.names.get(name, 0)
        for id_, model in self.reference.models.items():
            assert self.models.nameOf(id_) == model.name
            self.check_model(id_)
            for number in range(1, len(model.versions) + 1):
                self.check_version(id_, number)
                told = (
                    self.replay.version(id_, number),
                    self.replay.datasets(id_, number),
                    self.replay.stack(id_, number),
                )
                assert told == self.fixed[id_, number]
