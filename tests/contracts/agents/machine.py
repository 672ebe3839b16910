"""The agents as a Hypothesis state machine: identity, reputation, validation and activity together.

Every rule does the same to the contracts and to `model.Model`: it succeeds in both, with the same events in the same
order, or reverts with exactly the model's error.
"""

from collections.abc import Callable
from typing import Any

from eth_account.messages import encode_typed_data
from eth_utils import keccak
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cluster.testing import Account, Chain, Receipt, reverts
from cluster.testing.contract import Method
from tests.contracts.agents.agents import NOBODY, act, deploy_agents
from tests.contracts.agents.merkle import Tree, leaf
from tests.contracts.agents.model import MAX_DEADLINE_DELAY_S, SCOPED, WALLET_KEY, Model, Refused
from tests.contracts.agents.summary import MAX_DECIMALS, MAX_VALUE
from tests.contracts.receipts.trees import Receipt as Served
from tests.contracts.receipts.trees import Row

PEOPLE = ("alice", "bob", "carol", "dave")
# A contract that takes agents and calls back when it gets one; an ERC-1271 wallet of alice's, which takes none.
PARTIES = (*PEOPLE, "keeper", "wallet")
URIS = ("", "ipfs://short", "ipfs://" + "long" * 20)
KEYS = ("name", "", "k" * 40, "agentwallet")
TAGS = ("", "a", "ab", "b", "t" * 15, "t" * 30, "t" * 31, "t" * 100)
VALUES = (0, 1, -1, 7, -99, 10**18, MAX_VALUE, -MAX_VALUE, MAX_VALUE + 1, -(2**127), 2**127 - 1)
HASHES = tuple(keccak(text=f"request {n}") for n in range(5))
INPUT = keccak(text="input")
MOST_AGENTS = 6
UNKNOWN_TASK = 2**64
CHECKED_EVERY = 10
RELAY, ROGUE = "rita", "rob"
MODEL, VERSION = 1, 1

party = st.sampled_from(PARTIES)
person = st.sampled_from(PEOPLE)
number = st.integers(0, 11)
tag = st.sampled_from(TAGS)
tasks = st.sampled_from((*range(12), 999))
mostly = st.sampled_from((True, True, True, False))
tags = st.tuples(tag, tag)
# What a contract may do when it is called back: (function, who it is about).
callbacks = st.sampled_from(("", "register", "transfer", "set_uri", "unset_wallet", "give", "approve"))


class Stage:
    """The contracts and the people, made once; every example undoes what it did."""

    def __init__(self) -> None:
        self.chain = chain = Chain()
        self.agents = deploy_agents(chain)
        admin = self.agents.admin
        self.accounts: dict[str, Any] = {name: chain.account(name) for name in PEOPLE}
        self.accounts["keeper"] = chain.deploy("AgentOwner", sender=admin)
        self.accounts["wallet"] = chain.deploy("ContractWallet", self.accounts["alice"], sender=admin)
        relays = {name: chain.account(name) for name in (RELAY, ROGUE)}
        # Everybody lets rita draw; rob is a relay as anybody may be one, from whom carol alone buys.
        for name in PEOPLE:
            allowed = [relays[RELAY], relays[ROGUE]] if name == "carol" else [relays[RELAY]]
            self.agents.prepay(self.accounts[name], allowed)
        self.accounts |= relays
        self.address = {name: account.address for name, account in self.accounts.items()} | {"nobody": NOBODY}


_stage: list[Stage] = []


def stage() -> Stage:
    if not _stage:
        _stage.append(Stage())
    return _stage[0]


class AgentsMachine(RuleBasedStateMachine):
    """Rules name people; `self.at` has their addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.stage = stage()
        self.chain, self.agents, self.at = self.stage.chain, self.stage.agents, self.stage.address
        self.identity, self.reputation = self.agents.identity, self.agents.reputation
        self.validation, self.activity = self.agents.validation, self.agents.activity
        self.addresses = {contract.address for contract in self.agents.contracts().values()}
        self.isolation = self.chain.isolated()
        self.isolation.__enter__()
        self.model = Model(self.chain.time, frozenset({self.at["wallet"]}))
        self.model.granted = {(self.at[name], self.at[RELAY]) for name in PEOPLE} | {(self.at["carol"], self.at[ROGUE])}
        # Wallet messages that were signed: arguments of setAgentWallet, digest, whether the wallet signed.
        self.signed: list[tuple[int, str, int, bytes, bytes, bool]] = []
        self.touched: set[int] = set()
        self.steps = 0

    def teardown(self) -> None:
        try:
            for agent_id in range(len(self.model.agents)):
                self.check_agent(agent_id)
            self.check_lists()
        finally:
            self.isolation.__exit__(None, None, None)

    # --- both sides

    def both(self, caller: str, in_model: Callable[[], None], method: Method, *args: Any) -> Receipt | None:
        """Does it in the model and on the chain, and compares errors and events."""
        account = self.stage.accounts[caller]
        try:
            expected = self.model.run(in_model)
        except Refused as refused:
            with reverts(refused.name, *refused.values):
                act(account, method, *args)
            return None
        receipt = act(account, method, *args)
        found = [(e.name, e.values) for e in receipt.events if e.address in self.addresses]
        assert found == expected, f"the contracts said {found}, the model {expected}"
        return receipt

    def agent_id(self, draw: int) -> int:
        """One that exists, but for one draw in twelve."""
        agent_id = 99 if draw == 11 else draw % len(self.model.agents)
        self.touched.add(agent_id)
        return agent_id

    def writer(self, agent_id: int, allowed: bool, other: str) -> str:
        """Somebody who may write, if that is wanted and it is one of the parties."""
        able = [name for name in PARTIES if agent_id != 99 and self.model.authorized(self.at[name], agent_id)]
        return able[len(other) % len(able)] if allowed and able else other

    def arm(self, what: str, agent_id: int, other: str) -> Callable[[], None] | None:
        """What the keeper does when it is called back, for the contracts and for the model."""
        model, me, to = self.model, self.at["keeper"], self.at[other]
        choices: dict[str, tuple[Callable[[], None], Method, tuple[Any, ...]]] = {
            "register": (lambda: model.register(me, "again", []), self.identity.register, ("again",)),
            "transfer": (
                lambda: model.transfer(me, agent_id, to),
                self.identity.transferFrom,
                (me, to, agent_id),
            ),
            "set_uri": (lambda: model.set_uri(me, agent_id, "new"), self.identity.setAgentURI, (agent_id, "new")),
            "unset_wallet": (lambda: model.unset_wallet(me, agent_id), self.identity.unsetAgentWallet, (agent_id,)),
            "give": (
                lambda: model.give(me, agent_id, 100, 0, ("", "")),
                self.reputation.giveFeedback,
                (agent_id, 100, 0, "", "", "", "", bytes(32)),
            ),
            "approve": (lambda: model.approve(me, agent_id, to), self.identity.approve, (to, agent_id)),
        }
        keeper = self.stage.accounts["keeper"]
        if what not in choices:
            keeper.arm(NOBODY, b"", sender=self.agents.admin)
            return None
        in_model, method, args = choices[what]
        target = self.reputation if what == "give" else self.identity
        keeper.arm(target, method.calldata(*args), sender=self.agents.admin)
        return in_model

    # --- identity

    @initialize()
    def two_agents(self) -> None:
        for owner in ("alice", "bob"):
            self.register(owner, 2, [], "", "alice")

    # Few agents, so that much happens to each.
    @precondition(lambda self: len(self.model.agents) < MOST_AGENTS)
    @rule(
        owner=party,
        how=st.integers(0, 2),
        metadata=st.lists(st.tuples(st.sampled_from((*KEYS, *KEYS, WALLET_KEY)), st.binary(max_size=40)), max_size=3),
        callback=callbacks,
        other=person,
    )
    def register(self, owner: str, how: int, metadata: list[tuple[str, bytes]], callback: str, other: str) -> None:
        new = len(self.model.agents)
        self.touched |= {new, new + 1}
        in_model = self.arm(callback, new, other) if owner == "keeper" else None
        uri = None if how == 0 else URIS[how]
        args: tuple[Any, ...] = ((), (uri,), (uri, metadata))[how]
        entries = metadata if how == 2 else []
        self.both(
            owner,
            lambda: self.model.register(self.at[owner], uri, entries, in_model),
            self.identity.register,
            *args,
        )

    @rule(draw=number, allowed=mostly, other=party, to=party, safe=st.booleans(), callback=callbacks)
    def transfer(self, draw: int, allowed: bool, other: str, to: str, safe: bool, callback: str) -> None:
        agent_id = self.agent_id(draw)
        caller = self.writer(agent_id, allowed, other)
        owner = self.model.agents[agent_id].owner if agent_id != 99 else self.at[other]
        self.touched.add(len(self.model.agents))
        in_model = self.arm(callback, agent_id, "dave") if to == "keeper" and safe else None
        method = self.identity.safeTransferFrom if safe else self.identity.transferFrom
        self.both(
            caller,
            lambda: self.model.transfer(self.at[caller], agent_id, self.at[to], safe, in_model),
            method,
            owner,
            self.at[to],
            agent_id,
        )

    @rule(draw=number, allowed=mostly, other=party, to=st.sampled_from((*PARTIES, "nobody")))
    def approve(self, draw: int, allowed: bool, other: str, to: str) -> None:
        agent_id = self.agent_id(draw)
        caller = self.writer(agent_id, allowed, other)
        self.both(
            caller,
            lambda: self.model.approve(self.at[caller], agent_id, self.at[to]),
            self.identity.approve,
            self.at[to],
            agent_id,
        )

    @rule(owner=party, operator=party, approved=st.booleans())
    def set_operator(self, owner: str, operator: str, approved: bool) -> None:
        self.both(
            owner,
            lambda: self.model.set_operator(self.at[owner], self.at[operator], approved),
            self.identity.setApprovalForAll,
            self.at[operator],
            approved,
        )

    @rule(draw=number, allowed=mostly, other=party, uri=st.sampled_from(URIS))
    def set_uri(self, draw: int, allowed: bool, other: str, uri: str) -> None:
        agent_id = self.agent_id(draw)
        caller = self.writer(agent_id, allowed, other)
        self.both(
            caller,
            lambda: self.model.set_uri(self.at[caller], agent_id, uri),
            self.identity.setAgentURI,
            agent_id,
            uri,
        )

    @rule(
        draw=number,
        allowed=mostly,
        other=party,
        key=st.sampled_from((*KEYS, WALLET_KEY)),
        value=st.binary(max_size=40),
    )
    def set_metadata(self, draw: int, allowed: bool, other: str, key: str, value: bytes) -> None:
        agent_id = self.agent_id(draw)
        caller = self.writer(agent_id, allowed, other)
        self.both(
            caller,
            lambda: self.model.set_metadata(self.at[caller], agent_id, key, value),
            self.identity.setMetadata,
            agent_id,
            key,
            value,
        )

    @rule(draw=number, allowed=mostly, other=party)
    def unset_wallet(self, draw: int, allowed: bool, other: str) -> None:
        agent_id = self.agent_id(draw)
        caller = self.writer(agent_id, allowed, other)
        self.both(
            caller, lambda: self.model.unset_wallet(self.at[caller], agent_id), self.identity.unsetAgentWallet, agent_id
        )

    @rule(
        draw=number,
        allowed=mostly,
        other=party,
        wallet=st.sampled_from((*PARTIES, *PEOPLE, "nobody")),
        ahead=st.sampled_from((0, 60, 60, MAX_DEADLINE_DELAY_S, MAX_DEADLINE_DELAY_S + 1, -1)),
        flaw=st.sampled_from(("none", "none", "none", "signer", "owner", "agent", "domain", "garbage")),
    )
    def set_wallet(self, draw: int, allowed: bool, other: str, wallet: str, ahead: int, flaw: str) -> None:
        agent_id = self.agent_id(draw)
        caller = self.writer(agent_id, allowed, other)
        owner = self.model.agents[agent_id].owner if agent_id != 99 else self.at[other]
        deadline = self.chain.time + ahead
        digest, signature, valid = self.sign(agent_id, wallet, owner, deadline, flaw)
        self.signed.append((agent_id, wallet, deadline, signature, digest, valid))
        self.both(
            caller,
            lambda: self.model.set_wallet(self.at[caller], agent_id, self.at[wallet], deadline, digest, valid),
            self.identity.setAgentWallet,
            agent_id,
            self.at[wallet],
            deadline,
            signature,
        )

    @rule(draw=number, wallet=st.sampled_from((*PEOPLE, "wallet")), other=party, again=st.booleans())
    def rotate_wallet(self, draw: int, wallet: str, other: str, again: bool) -> None:
        """As it should be; and perhaps cleared, and the same signature tried again."""
        agent_id = draw % len(self.model.agents)
        self.set_wallet(agent_id, True, other, wallet, 60, "none")
        if again:
            self.unset_wallet(agent_id, True, other)
            self.replay(0, True, other)

    @rule(draw=st.integers(0, 50), allowed=mostly, other=party)
    def replay(self, draw: int, allowed: bool, other: str) -> None:
        """A wallet signature that was seen before, be it used or refused."""
        if not self.signed:
            return
        agent_id, wallet, deadline, signature, signed_digest, valid = self.signed[-1 - draw % len(self.signed)]
        self.touched.add(agent_id)
        caller = self.writer(agent_id, allowed, other)
        owner = self.model.agents[agent_id].owner if agent_id != 99 else self.at[other]
        digest = self.digest(agent_id, wallet, owner, deadline)
        self.both(
            caller,
            lambda: self.model.set_wallet(
                self.at[caller], agent_id, self.at[wallet], deadline, digest, valid and digest == signed_digest
            ),
            self.identity.setAgentWallet,
            agent_id,
            self.at[wallet],
            deadline,
            signature,
        )

    def message(self, agent_id: int, wallet: str, owner: str, deadline: int, **domain: Any) -> dict[str, Any]:
        message = self.agents.wallet_message(agent_id, self.agents.admin, self.agents.admin, deadline, **domain)
        message["message"] |= {"newWallet": self.at[wallet], "owner": owner}
        return message

    def digest(self, agent_id: int, wallet: str, owner: str, deadline: int) -> bytes:
        signable = encode_typed_data(full_message=self.message(agent_id, wallet, owner, deadline))
        return keccak(b"\x19" + signable.version + signable.header + signable.body)

    def sign(self, agent_id: int, wallet: str, owner: str, deadline: int, flaw: str) -> tuple[bytes, bytes, bool]:
        """Digest of the right message, signature over the right or a wrong one, whether it is worth anything."""
        key = wallet if wallet in PEOPLE else "alice"
        signer: Account = self.stage.accounts[key if flaw != "signer" else "carol" if key == "dave" else "dave"]
        message = self.message(agent_id, wallet, owner, deadline, **({"chainId": 1} if flaw == "domain" else {}))
        if flaw == "owner":
            message["message"]["owner"] = self.agents.admin.address
        if flaw == "agent":
            message["message"]["agentId"] = agent_id + 1
        signature = b"\1" * 65 if flaw == "garbage" else signer.sign_typed(message)
        valid = flaw == "none" and wallet in (*PEOPLE, "wallet")
        return self.digest(agent_id, wallet, owner, deadline), signature, valid

    # --- reputation

    @rule(
        draw=number,
        client=party,
        value=st.one_of(st.sampled_from(VALUES), st.integers(-MAX_VALUE, MAX_VALUE)),
        decimals=st.sampled_from((0, 0, 2, 4, 5, 9, 10, 14, 15, MAX_DECIMALS, MAX_DECIMALS + 1)),
        said=tags,
    )
    def give(self, draw: int, client: str, value: int, decimals: int, said: tuple[str, str]) -> None:
        agent_id = self.agent_id(draw)
        self.both(
            client,
            lambda: self.model.give(self.at[client], agent_id, value, decimals, said),
            self.reputation.giveFeedback,
            agent_id,
            value,
            decimals,
            *said,
            "",
            "",
            bytes(32),
        )

    @rule(
        draw=number, client=number, value=st.sampled_from(VALUES[:8]), decimals=st.integers(0, MAX_DECIMALS), said=tags
    )
    def give_as_client(self, draw: int, client: int, value: int, decimals: int, said: tuple[str, str]) -> None:
        """By somebody who may."""
        agent_id = draw % len(self.model.agents)
        clients = [name for name in PARTIES if not self.model.authorized(self.at[name], agent_id)]
        if clients:
            self.give(agent_id, clients[client % len(clients)], value, decimals, said)

    def some_feedback(self, draw: int, index: int) -> tuple[int, str, int]:
        """Agent, client and number of feedback that exists, but for one draw in twelve."""
        known = list(self.model.feedback)
        if index == 11 or not known:
            return self.agent_id(draw), "alice", index
        agent_id, client = known[draw % len(known)]
        self.touched.add(agent_id)
        name = next(name for name in PARTIES if self.at[name] == client)
        return agent_id, name, 1 + index % len(self.model.given(agent_id, client))

    @rule(draw=st.integers(0, 30), index=number)
    def revoke(self, draw: int, index: int) -> None:
        agent_id, client, index = self.some_feedback(draw % 12, index)
        self.both(
            client,
            lambda: self.model.revoke(self.at[client], agent_id, index),
            self.reputation.revokeFeedback,
            agent_id,
            index,
        )

    # Receipts and payments: what a relay says, and what accounts paid.

    def receipt(self, account: str, agent: int, micro_dollars: int, request: int) -> Served:
        """A request of few, so that the same receipt is anchored again."""
        at, operator = self.at[account], self.at[PEOPLE[0]]
        return Served(bytes([request]) * 32, at, MODEL, VERSION, operator, agent, microDollars=micro_dollars)

    def row(self, account: str, micro_dollars: int) -> Row:
        return Row(self.at[account], MODEL, VERSION, self.at[PEOPLE[0]], micro_dollars)

    @rule(
        relay=st.sampled_from((RELAY, RELAY, ROGUE)),
        said=st.lists(
            st.tuples(person, st.integers(0, 3), st.integers(0, 4), st.integers(0, 9)), min_size=1, max_size=4
        ),
        paid=st.one_of(st.none(), st.lists(st.tuples(person, st.sampled_from((0, 1, 3, 8, 9))), max_size=5)),
    )
    def draw_a_batch(
        self, relay: str, said: list[tuple[str, int, int, int]], paid: list[tuple[str, int]] | None
    ) -> None:
        """Receipts and rows have nothing to do with each other, unless by chance."""
        self.drawn(relay, [self.receipt(*one) for one in said], paid and [self.row(*one) for one in paid])

    def drawn(self, relay: str, receipts: list[Served], rows: list[Row] | None) -> None:
        account = self.stage.accounts[relay]
        batch = self.model.draw(account.address, receipts, rows)
        found = self.agents.anchor(account, receipts) if rows is None else self.agents.draw(account, receipts, rows)
        assert found == batch
        assert self.agents.receipts.batchOf(account, batch.number).payments == batch.payments

    @rule(draw=st.integers(0, 30), index=number, which=st.integers(0, 99), place=st.integers(0, 4))
    def prove(self, draw: int, index: int, which: int, place: int) -> None:
        """Some feedback, by some receipt and some row of one batch."""
        if not self.model.batches:
            return
        agent_id, client, index = self.some_feedback(draw % 12, index)
        self.proved(client, agent_id, index, which % len(self.model.batches), which, place)

    def proved(self, client: str, agent_id: int, index: int, number: int, position: int, row: int) -> None:
        batch = self.model.batches[number]
        position %= len(batch.receipts)
        self.both(
            client,
            lambda: self.model.prove(self.at[client], agent_id, index, batch, position, row),
            self.reputation.proveFeedback,
            agent_id,
            index,
            batch.paid(position, row),
        )

    @rule(
        draw=number,
        client=number,
        value=st.sampled_from(VALUES[:8]),
        decimals=st.integers(0, MAX_DECIMALS),
        said=tags,
        prices=st.lists(st.integers(1, 5), min_size=1, max_size=3),
        short=st.sampled_from((0, 0, 0, 1)),
        request=st.integers(0, 255),
    )
    def give_and_prove(
        self,
        draw: int,
        client: int,
        value: int,
        decimals: int,
        said: tuple[str, str],
        prices: list[int],
        short: int,
        request: int,
    ) -> None:
        """As it should be: one payment for some requests, each of which backs feedback; or for a little less."""
        agent_id = draw % len(self.model.agents)
        self.touched.add(agent_id)
        clients = [name for name in PEOPLE if not self.model.authorized(self.at[name], agent_id)]
        if not clients:
            return
        name = clients[client % len(clients)]
        receipts = [self.receipt(name, agent_id + 1, price, (request + n) % 256) for n, price in enumerate(prices)]
        self.drawn(RELAY, receipts, [self.row(name, sum(prices) - short)])
        for position in range(len(prices)):
            self.give(agent_id, name, value, decimals, said)
            index = len(self.model.given(agent_id, self.at[name]))
            self.proved(name, agent_id, index, len(self.model.batches) - 1, position, 0)

    @rule(draw=number, index=number, responder=party, uri=st.sampled_from(("ipfs://response", "ipfs://response", "")))
    def respond(self, draw: int, index: int, responder: str, uri: str) -> None:
        agent_id, client, index = self.some_feedback(draw, index)
        self.both(
            responder,
            lambda: self.model.respond(self.at[responder], agent_id, self.at[client], index, uri),
            self.reputation.appendResponse,
            agent_id,
            self.at[client],
            index,
            uri,
            bytes(32),
        )

    # --- validation

    @rule(
        draw=number,
        allowed=mostly,
        other=party,
        validator=st.sampled_from((*PEOPLE, "nobody")),
        hash_=st.one_of(
            st.sampled_from(HASHES), st.tuples(st.integers(0, 3), person, st.sampled_from(HASHES)), st.just(SCOPED * 4)
        ),
    )
    def ask(self, draw: int, allowed: bool, other: str, validator: str, hash_: Any) -> None:
        """Under a hash of few; or under the key that somebody else's request would get."""
        agent_id = self.agent_id(draw)
        caller = self.writer(agent_id, allowed, other)
        key = hash_ if isinstance(hash_, bytes) else self.model.scoped(hash_[0], self.at[hash_[1]], hash_[2])
        self.both(
            caller,
            lambda: self.model.ask(self.at[caller], self.at[validator], agent_id, key),
            self.validation.validationRequest,
            self.at[validator],
            agent_id,
            "",
            key,
        )

    @rule(
        draw=st.integers(0, 40),
        allowed=mostly,
        other=person,
        response=st.one_of(st.integers(0, 100), st.sampled_from((0, 100, 101, 255))),
        said=tag,
    )
    def answer(self, draw: int, allowed: bool, other: str, response: int, said: str) -> None:
        known = list(self.model.requests)
        key = known[draw % len(known)] if known and draw != 40 else HASHES[draw % len(HASHES)]
        caller = other
        if allowed and key in self.model.requests:
            request = self.model.requests[key]
            self.touched.add(request.agent_id)
            caller = next(name for name in PEOPLE if self.at[name] == request.validator)
        self.both(
            caller,
            lambda: self.model.answer(self.at[caller], key, response, said),
            self.validation.validationResponse,
            key,
            response,
            "",
            keccak(text=said),
            said,
        )

    @rule(
        draw=number,
        other=party,
        validator=person,
        hash_=st.sampled_from(HASHES),
        answers=st.lists(st.tuples(st.integers(0, 100), tag), max_size=2),
    )
    def ask_and_answer(
        self, draw: int, other: str, validator: str, hash_: bytes, answers: list[tuple[int, str]]
    ) -> None:
        """As it should be."""
        self.ask(draw % len(self.model.agents), True, other, validator, hash_)
        for response, said in answers:
            self.answer(len(self.model.requests) - 1, True, other, response, said)

    # --- activity

    def actor(self, agent_id: int, allowed: bool, other: str) -> str:
        """Who may act, the wallet before others."""
        if allowed and agent_id != 99:
            wallets = [name for name in PARTIES if self.at[name] == self.model.agents[agent_id].wallet]
            if wallets:
                return wallets[0]
        return self.writer(agent_id, allowed, other)

    @rule(draw=number, allowed=mostly, other=party, parent=st.one_of(st.just(0), st.integers(0, 6)))
    def open(self, draw: int, allowed: bool, other: str, parent: int) -> None:
        agent_id = self.agent_id(draw)
        caller = self.actor(agent_id, allowed, other)
        self.both(
            caller,
            lambda: self.model.open(self.at[caller], agent_id, parent, INPUT),
            self.activity.openTask,
            agent_id,
            parent,
            INPUT,
        )

    def some_task(self, draw: int, allowed: bool, other: str) -> tuple[int, str]:
        """A task that exists, but for draw 999, and who acts."""
        if draw == 999 or not self.model.tasks:
            return UNKNOWN_TASK, other
        task = 1 + draw % len(self.model.tasks)
        return task, self.actor(self.model.tasks[task - 1].agent_id, allowed, other)

    @rule(
        draw=tasks,
        allowed=mostly,
        other=party,
        leaves=st.integers(1, 5),
        count=st.sampled_from((None, None, None, 0, 1, 2**64 - 1)),
    )
    def log(self, draw: int, allowed: bool, other: str, leaves: int, count: int | None) -> None:
        """The tree may have more or fewer leaves than the batch is said to have."""
        number, caller = self.some_task(draw, allowed, other)
        first = self.model.tasks[number - 1].steps if number != UNKNOWN_TASK else 0
        tree = Tree([leaf(number, (first + n) % 2**64, keccak(text=f"{first + n}")) for n in range(leaves)])
        said = leaves if count is None else count
        self.both(
            caller,
            lambda: self.model.log(self.at[caller], number, tree, said),
            self.activity.logSteps,
            number,
            tree.root,
            said,
        )

    @rule(draw=tasks, allowed=mostly, other=party)
    def close(self, draw: int, allowed: bool, other: str) -> None:
        number, caller = self.some_task(draw, allowed, other)
        self.both(
            caller,
            lambda: self.model.close(self.at[caller], number, INPUT),
            self.activity.closeTask,
            number,
            INPUT,
        )

    @rule(draw=number, other=party, parent=number, leaves=st.lists(st.integers(1, 5), max_size=3), done=st.booleans())
    def work_on_a_task(self, draw: int, other: str, parent: int, leaves: list[int], done: bool) -> None:
        """As it should be."""
        still_open = [n for n, task in enumerate(self.model.tasks, 1) if not task.closed_at]
        choice = still_open[parent % len(still_open)] if still_open and parent else 0
        before = len(self.model.tasks)
        self.open(draw % len(self.model.agents), True, other, choice)
        if len(self.model.tasks) == before:
            return
        for count in leaves:
            self.log(before, True, other, count, None)
            self.prove_step(before, len(leaves), count, 0)
        if done:
            self.close(before, True, other)

    @rule(draw=number, batch=number, position=st.integers(0, 5), shift=st.sampled_from((0, 0, 0, 1)))
    def prove_step(self, draw: int, batch: int, position: int, shift: int) -> None:
        """A step is proved if it is a leaf, of a number that the batch has."""
        logged = [(n, b) for n, task in enumerate(self.model.tasks, 1) for b in range(len(task.batches))]
        if not logged:
            return
        number, batch = logged[(draw * 12 + batch) % len(logged)]
        first, count, tree, _ = self.model.tasks[number - 1].batches[batch]
        position %= len(tree.levels[0])
        step, hash_ = first + position + shift, keccak(text=f"{first + position}")
        proved = self.activity.proveStep(number, batch, step, hash_, tree.proof(position))
        assert proved is (shift == 0 and position < count)

    @rule(seconds=st.sampled_from((1, 59, MAX_DEADLINE_DELAY_S, 10_000)))
    def mine(self, seconds: int) -> None:
        self.chain.mine(seconds)
        self.model.time = self.chain.time

    # --- what must hold

    @invariant()
    def what_was_touched_is_as_the_model_says(self) -> None:
        """Every few steps, as it takes longer than the steps; events are compared at each."""
        self.steps += 1
        if self.steps % CHECKED_EVERY:
            return
        for agent_id in self.touched & set(range(len(self.model.agents))):
            self.check_agent(agent_id)
        self.touched.clear()

    def check_agent(self, agent_id: int) -> None:
        agent = self.model.agents[agent_id]
        identity = self.identity
        assert identity.ownerOf(agent_id) == agent.owner
        assert identity.getApproved(agent_id) == agent.approved
        assert identity.tokenURI(agent_id) == agent.uri
        assert identity.getAgentWallet(agent_id) == agent.wallet
        assert identity.getMetadata(agent_id, WALLET_KEY) == self.model.packed_wallet(agent_id)
        for key in KEYS:
            assert identity.getMetadata(agent_id, key) == agent.metadata.get(key, b"")
        for name in PARTIES:
            account = self.at[name]
            allowed = self.model.authorized(account, agent_id)
            assert identity.isAuthorizedOrOwner(account, agent_id) is allowed
            assert self.activity.mayAct(account, agent_id) is (allowed or agent.wallet == account)
        self.check_reputation(agent_id)
        self.check_validation(agent_id)

    def check_reputation(self, agent_id: int) -> None:
        clients = self.model.clients(agent_id)
        assert self.reputation.getClients(agent_id) == clients
        everybody = [self.at[name] for name in PARTIES]
        assert self.reputation.getProvenTotal(agent_id) == self.model.proven_total(agent_id)
        for listed in ([client] for client in clients):
            proven = self.reputation.getProvenSummary(agent_id, listed, "", "")
            assert proven == self.model.reputation(agent_id, listed, "", "", proven=True)
            summary = self.reputation.getSummary(agent_id, listed, "", "")
            assert summary == self.model.reputation(agent_id, listed, "", "")
        for tag1, tag2 in (("", ""), ("a", ""), ("", TAGS[-1]), ("t" * 15, "t" * 15)):
            summary = self.reputation.getSummary(agent_id, everybody, tag1, tag2)
            assert summary == self.model.reputation(agent_id, everybody, tag1, tag2)
            proven = self.reputation.getProvenSummary(agent_id, everybody, tag1, tag2)
            assert proven == self.model.reputation(agent_id, everybody, tag1, tag2, proven=True)
        rows = [
            (client, n, f.value, f.decimals, *f.tags, f.revoked)
            for client in clients
            for n, f in enumerate(self.model.given(agent_id, client), 1)
        ]
        columns = self.reputation.readAllFeedback(agent_id, [], "", "", True)
        assert list(zip(*columns, strict=True)) == rows
        for client in clients:
            page = self.reputation.readFeedbackPage(agent_id, client, 0, 100)
            assert [(row.responseCount, row.paid) for row in page] == [
                (f.responses.total(), f.paid) for f in self.model.given(agent_id, client)
            ]

    def check_validation(self, agent_id: int) -> None:
        requests = {k: r for k, r in self.model.requests.items() if r.agent_id == agent_id}
        assert self.validation.getAgentValidations(agent_id) == list(requests)
        for key, r in requests.items():
            status = (r.validator, agent_id, r.response or 0, r.response_hash, r.tag, r.updated_at)
            assert self.validation.getValidationStatus(key) == status
            assert self.validation.isPending(key) is (r.response is None)
        for validators in ([], [self.at["alice"]], [self.at["bob"], self.at["carol"], self.at["bob"]]):
            for wanted in ("", "a", TAGS[-1]):
                summary = self.validation.getSummary(agent_id, validators, wanted)
                assert summary == self.model.validation(agent_id, validators, wanted)

    def check_lists(self) -> None:
        """What is not one agent's."""
        for batch in self.model.batches:
            for receipt in batch.receipts:
                assert self.reputation.isReceiptUsed(receipt.leaf) is (receipt.leaf in self.model.receipts_used)
            for row in range(len(batch.rows)):
                used = self.reputation.getUsedPayment(batch.relay, batch.number, row)
                assert used == self.model.payments_used[batch.relay, batch.number, row]
        assert self.identity.totalRegistered() == len(self.model.agents)
        for name in PEOPLE:
            keys = [key for key, request in self.model.requests.items() if request.validator == self.at[name]]
            assert self.validation.getValidatorRequests(self.at[name]) == keys
        assert self.activity.taskCount() == len(self.model.tasks)
        for number, task in enumerate(self.model.tasks, 1):
            assert tuple(vars(self.activity.taskOf(number)).values()) == (
                task.agent_id,
                task.parent,
                task.opened_at,
                task.closed_at,
                len(task.batches),
                task.steps,
                task.input_hash,
                task.output_hash,
            )
            for n, (first, count, tree, at) in enumerate(task.batches):
                assert tuple(vars(self.activity.batchOf(number, n)).values()) == (tree.root, first, count, at)
        for agent_id, client in self.model.feedback:
            for index, feedback in enumerate(self.model.given(agent_id, client), 1):
                for responder, count in feedback.responses.items():
                    found = self.reputation.getResponseCount(agent_id, client, index, [responder])
                    assert found == count
