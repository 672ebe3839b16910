"""The two sides of the state machine, contracts and model, and what is compared after every step."""

from collections.abc import Callable, Iterator
from typing import Any

from eth_utils import keccak
from hypothesis.stateful import RuleBasedStateMachine, invariant

from cluster.testing import Receipt, reverts
from cluster.testing.batch import view
from cluster.testing.contract import Method
from cluster.testing.host import calls
from tests.contracts.payments.market import act
from tests.contracts.payments.model import HOLDER, Payment, Refused, Till
from tests.contracts.payments.stage import (
    CURRENCIES,
    FEE_COLLECTOR,
    GUESTS,
    ODD_HOLDERS,
    PARTIES,
    TOKENS,
    Stage,
    stage,
)

GAS = 3_000_000
TILLS_CHECKED = 8

BALANCE_OF, OWNER_OF, PRICE_OF, ACCESS_LEVEL, TOTAL_CLAIMABLE = (
    keccak(text=signature)[:4]
    for signature in (
        "balanceOf(address)",
        "ownerOf(uint256)",
        "priceOf(uint256,address)",
        "accessLevel(uint256,address)",
        "totalClaimable(address)",
    )
)


class Compared(RuleBasedStateMachine):
    """Does things on both sides; `self.at` has addresses by name."""

    stage: Stage

    def set_the_stage(self) -> Stage:
        """Contracts and people of this machine."""
        return stage()

    def __init__(self) -> None:
        super().__init__()
        self.stage = self.set_the_stage()
        self.chain, self.suite, self.at = self.stage.chain, self.stage.suite, self.stage.address
        self.router, self.registry, self.nft = self.suite.router, self.suite.registry, self.suite.nft
        self.admin = self.stage.admin
        self.isolation = self.chain.isolated()
        self.isolation.__enter__()
        self.model = self.stage.model()
        self.payments: list[Payment] = []
        self.tills: dict[str, Till] = {}
        self.nonce = 0
        self.compared = -1

    # --- both sides

    def both(self, in_model: Callable[[], None], on_chain: Callable[[], Receipt]) -> Receipt | None:
        """Does it in the model and on the chain, and compares errors and the router's events."""
        self.model.time = self.chain.time
        try:
            expected = self.model.run(in_model)
        except Refused as refused:
            with reverts(refused.name, *refused.values):
                on_chain()
            return None
        receipt = on_chain()
        router = self.router.address
        found = [(e.name, e.values) for e in receipt.events if e.address == router]
        assert found == expected, f"the router said {found}, the model {expected}"
        return receipt

    def send(self, sender: str, method: Method, *args: Any, value: int = 0) -> Callable[[], Receipt]:
        account = self.admin if sender == "admin" else self.stage.accounts[sender]
        return lambda: act(account, method, *args, value=value, gas=GAS)

    def dataset(self, draw: int) -> int:
        """One that exists, but for one draw in twelve."""
        return 99 if draw == 11 else 1 + draw % len(self.model.datasets)

    def holder(self, id_: int) -> str | None:
        """Name of the party that holds a dataset."""
        dataset = self.model.datasets.get(id_)
        names = [name for name in PARTIES if dataset and self.at[name] == dataset.holder]
        return names[0] if names else None

    def till(self, id_: int, recipient: str, referrer: str) -> Till:
        key = (id_, self.at[recipient], self.at[recipient if referrer == "recipient" else referrer])
        till = Till(self.router.paymentAddress(*key), *key)
        self.tills[till.address] = till
        return till

    def some_till(self, draw: int, id_: int, recipient: str, referrer: str) -> Till:
        """Mostly one that was paid into."""
        known = list(self.tills.values())
        return known[draw % len(known)] if known and draw % 4 else self.till(id_, recipient, referrer)

    def name_of(self, address: str) -> str | None:
        return next((name for name in PARTIES if self.at[name] == address), None)

    # --- what must hold after every step

    @invariant()
    def after_a_change_all_is_as_the_model_says(self) -> None:
        """A model that a refusal left wrong stays wrong until the next change."""
        changes = calls["changed"] + calls["deploy"]
        if changes != self.compared:
            self.compare()
            self.compared = changes

    def compare(self) -> None:
        self.money_is_where_the_model_says()
        self.the_router_holds_exactly_what_it_owes_and_what_was_forced_on_it()
        self.the_registry_knows_of_every_dataset_who_holds_its_token()
        self.access_prices_and_ratings_are_what_the_model_says()

    def money_is_where_the_model_says(self) -> None:
        accounts = list(self.money_accounts())
        asked = [(kind, account) for kind in TOKENS for account in accounts]
        held = self.stage.batch.words([view(self.at[kind], BALANCE_OF, account) for kind, account in asked])
        asked += [("eth", account) for account in accounts]
        held += [self.chain.balance(account) for account in accounts]
        for (kind, account), found in zip(asked, held, strict=True):
            expected = self.model.balances[self.at[kind], account]
            assert found == expected, f"{kind} of {account}: {found}, the model says {expected}"

    def the_router_holds_exactly_what_it_owes_and_what_was_forced_on_it(self) -> None:
        router = self.at["router"]
        words = self.stage.batch.words(
            [view(router, TOTAL_CLAIMABLE, self.at[kind]) for kind in CURRENCIES]
            + [view(self.at[kind], BALANCE_OF, router) for kind in TOKENS]
        )
        totals = words[: len(CURRENCIES)]
        held = [self.chain.balance(router), *words[len(CURRENCIES) :]]
        for kind, total, balance in zip(("eth", *TOKENS), totals, held, strict=True):
            at = self.at[kind]
            assert total == self.model.owed(at), f"{kind}: the router owes {total}, the model {self.model.owed(at)}"
            assert balance == total + self.model.surplus[at]

    def the_registry_knows_of_every_dataset_who_holds_its_token(self) -> None:
        """The highest access is the registry's word for the holder."""
        held = {id_: dataset.holder for id_, dataset in self.model.datasets.items()}
        words = self.stage.batch.words(
            [view(self.nft.address, OWNER_OF, id_) for id_ in held]
            + [view(self.registry.address, ACCESS_LEVEL, id_, holder) for id_, holder in held.items()]
        )
        assert words == [*(int(holder, 16) for holder in held.values()), *[HOLDER] * len(held)]

    def access_prices_and_ratings_are_what_the_model_says(self) -> None:
        """Of one dataset a step, in turn; of all of them at the end."""
        if self.model.datasets:
            self.check_dataset(1 + self.chain.block % len(self.model.datasets))
            self.chain.mine(0)

    def money_accounts(self) -> Iterator[str]:
        yield from (self.at[name] for name in (*PARTIES, *GUESTS, "treasury", *ODD_HOLDERS))
        yield FEE_COLLECTOR
        yield from list(self.tills)[-TILLS_CHECKED:]

    def word(self, at: str, selector: bytes, *arguments: str | int) -> int:
        """First word of what a view answers. Thousands of these are asked a second, hence by hand."""
        words = [a if isinstance(a, int) else int(a, 16) for a in arguments]
        return int.from_bytes(self.chain.call(at, selector + b"".join(w.to_bytes(32, "big") for w in words))[:32])

    def balance(self, kind: str, account: str) -> int:
        return self.chain.balance(account) if kind == "eth" else self.word(self.at[kind], BALANCE_OF, account)

    def check_dataset(self, id_: int) -> None:
        model, registry = self.model, self.registry
        dataset = model.datasets[id_]
        words = self.stage.batch.words(
            [view(registry.address, PRICE_OF, id_, self.at[kind]) for kind in CURRENCIES]
            + [view(registry.address, ACCESS_LEVEL, id_, self.at[name]) for name in (*PARTIES, *GUESTS)]
        )
        prices, levels = words[: len(CURRENCIES)], words[len(CURRENCIES) :]
        assert prices == [self.price(id_, kind) for kind in CURRENCIES]
        for name, level in zip((*PARTIES, *GUESTS), levels, strict=True):
            assert level == model.access(id_, self.at[name]), f"access of {name} to {id_}: {level}"
        given = [rating for (rated, _), rating in model.ratings.items() if rated == id_]
        listing = registry.listingOf(id_)
        assert (listing.ratingCount, listing.ratingSum) == (len(given), sum(given))
        assert (listing.listed, listing.free, listing.delistReason) == (
            dataset.listed,
            dataset.free,
            dataset.delist_reason,
        )
