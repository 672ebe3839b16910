"""ClusterToken as a Hypothesis state machine: transfers, permits, votes, authorizations, upgrades, in any order.

Every rule does the same to the contract and to `model.Model`: it succeeds in both, with the model's events, or
reverts with exactly the model's error. What was signed can be sent again, later, by others, or never. After each step
balances and votes are compared, at the end all there is.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from eth_abi import encode
from eth_utils import keccak
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, precondition, rule

from cluster.chain.eip3009 import RECEIVE, TRANSFER, Authorization, Domain, cancel_digest, recover, sign
from cluster.testing import Account, Chain, Receipt, reverts
from cluster.testing.suite import deploy_suite
from tests.contracts.payments.signing import domain_of, vrs
from tests.contracts.token.model import NOBODY, UNLIMITED, Model, Refused
from tests.contracts.token.test_erc20 import MAX_SUPPLY
from tests.contracts.token.twins import high_s

DAY = 86_400
CALLS_BETWEEN_UPGRADES = 5
PEOPLE = ("alice", "bob", "carol", "dave")
OWNER_OF_WALLET = "dave"
STRANGER = Account("stranger")
NONCES = tuple(keccak(text=f"nonce {number}") for number in range(12))
ERC1967_IMPLEMENTATION = int.from_bytes(keccak(text="eip1967.proxy.implementation"), "big") - 1

BALANCE_OF, GET_VOTES = (keccak(text=signature)[:4] for signature in ("balanceOf(address)", "getVotes(address)"))
PERMIT = keccak(text="Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)")
DELEGATION = keccak(text="Delegation(address delegatee,uint256 nonce,uint256 expiry)")

people = st.sampled_from(PEOPLE)
payers = st.sampled_from((*PEOPLE, "wallet"))
payees = st.sampled_from((*PEOPLE, *PEOPLE, "wallet", "treasury", "nobody"))
delegates = st.sampled_from((*PEOPLE, *PEOPLE, "wallet", "nobody"))
kinds = st.sampled_from((TRANSFER, RECEIVE))
forms = st.sampled_from(("bytes", "vrs"))
nonces = st.sampled_from(NONCES)
# Parts of what the payer has: everything that fits is more interesting than what does not.
amounts = st.sampled_from(("nothing", "one", "half", "half", "all", "one too many", "unlimited"))
fitting = st.sampled_from(("nothing", "one", "one", "half", "half", "half", "all", "one too many"))
# Seconds from now: the edges themselves, and windows that open or close while the machine plays.
starts = st.sampled_from((*[-DAY] * 8, -2, -1, -1, 0, 1, 60))
ends = st.sampled_from((*[2 * DAY] * 8, 60, 2, 1, 1, 0, -1))
flaws = st.sampled_from((*[None] * 16, "stranger", "high s", "other chain", "other token", "other kind", "other value"))
cancel_flaws = st.sampled_from((*[None] * 5, "stranger", "high s", "other chain"))
permit_flaws = st.sampled_from((*[None] * 8, "stranger", "high s", "other chain", "old nonce", "new nonce"))


def digest_of(domain: Domain, typehash: bytes, types: list[str], *values: Any) -> bytes:
    """EIP-712 digest of a flat struct."""
    return keccak(b"\x19\x01" + domain.separator + keccak(typehash + encode(types, values)))


def part(whole: int, amount: str) -> int:
    """An amount by its name."""
    named = {"nothing": 0, "one": 1, "half": whole // 2, "all": whole, "one too many": whole + 1}
    return named.get(amount, UNLIMITED)


@dataclass(frozen=True)
class Signed:
    """An authorization as it goes round, and what is wrong with its signature, if anything."""

    authorization: Authorization
    kind: str
    signature: bytes
    flaw: str | None


class Stage:
    """The contracts and the people, made once; every example undoes what it did."""

    def __init__(self) -> None:
        self.chain = chain = Chain()
        self.suite = suite = deploy_suite(chain)
        self.token = suite.token
        self.accounts: dict[str, Any] = {name: chain.account(name) for name in PEOPLE}
        self.accounts["wallet"] = chain.deploy("ContractWallet", self.accounts[OWNER_OF_WALLET], sender=suite.admin)
        self.accounts["treasury"] = suite.treasury
        self.at = {name: account.address for name, account in self.accounts.items()} | {"nobody": NOBODY}
        first = chain.storage(self.token, ERC1967_IMPLEMENTATION).to_bytes(20, "big")
        second = chain.deploy("ClusterTokenV2", sender=suite.admin)
        self.versions = ("0x" + first.hex(), second.address)
        self.domain = domain_of(self.token)
        own = self.domain
        self.other_domains = {
            "other chain": Domain(own.name, own.version, own.chain_id + 1, own.verifying_contract),
            "other token": Domain(own.name, own.version, own.chain_id, suite.usdc.address),
        }
        for account in (*PEOPLE, "wallet"):
            self.token.transfer(self.at[account], 10**21 + 7, sender=suite.treasury)


class TokenMachine(RuleBasedStateMachine):
    signed = Bundle("signed")

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self.stage, self.chain, self.token, self.at = stage, stage.chain, stage.token, stage.at
        self.isolation = self.chain.isolated()
        self.isolation.__enter__()
        accounts = [address for name, address in self.at.items() if name != "nobody"]
        self.model = Model(self.chain.time, Counter({a: self.token.balanceOf(a) for a in accounts}))
        self.version = 0
        self.since_upgrade = 0

    def teardown(self) -> None:
        try:
            self.check_everything()
        finally:
            self.isolation.__exit__(None, None, None)

    # --- both sides

    def both(self, in_model: Callable[[], None], on_chain: Callable[[], Receipt]) -> None:
        """Does it in the model and on the chain, and compares errors and events."""
        self.since_upgrade += 1
        self.model.events.clear()
        try:
            in_model()
        except Refused as refused:
            with reverts(refused.name, *refused.values):
                on_chain()
            return
        found = [(event.name, event.values) for event in on_chain().events]
        assert found == self.model.events, f"the token said {found}, the model {self.model.events}"

    def amount(self, payer: str, amount: str) -> int:
        return part(self.model.balances[self.at[payer]], amount)

    def key(self, name: str) -> bytes:
        """The private key that speaks for an account."""
        account = STRANGER if name == "stranger" else self.stage.accounts[OWNER_OF_WALLET if name == "wallet" else name]
        return bytes(account.local.key)

    def sign(self, digest: bytes, name: str, flaw: str | None) -> bytes:
        signature = sign(digest, self.key("stranger" if flaw == "stranger" else name))
        return high_s(signature) if flaw == "high s" else signature

    def domain(self, flaw: str | None) -> Domain:
        return self.stage.other_domains.get(flaw or "", self.stage.domain)

    def require_signature(self, payer: str, signature: bytes, flaw: str | None, form: str) -> None:
        """Contracts sign in the newer form alone; the older form says what is wrong with a high s."""
        if form == "vrs" and flaw == "high s":
            raise Refused("ECDSAInvalidSignatureS", signature[32:64])
        if flaw is not None or (form == "vrs" and payer == self.at["wallet"]):
            raise Refused("ERC3009InvalidSignature")

    # --- ERC-20

    @rule(sender=people, to=payees, amount=fitting)
    def transfer(self, sender: str, to: str, amount: str) -> None:
        value = self.amount(sender, amount)
        self.both(
            lambda: self.model.transfer(self.at[sender], self.at[to], value),
            lambda: self.token.transfer(self.at[to], value, sender=self.at[sender]),
        )

    @rule(owner=people, spender=payees, amount=amounts)
    def approve(self, owner: str, spender: str, amount: str) -> None:
        value = self.amount(owner, amount)
        self.both(
            lambda: self.model.approve(self.at[owner], self.at[spender], value),
            lambda: self.token.approve(self.at[spender], value, sender=self.at[owner]),
        )

    @rule(draw=st.integers(0, 15), spender=people, owner=people, to=payees, amount=fitting)
    def transfer_from(self, draw: int, spender: str, owner: str, to: str, amount: str) -> None:
        """Mostly by somebody who was allowed to."""
        source, taker = self.at[owner], self.at[spender]
        allowed = [pair for pair in self.model.allowances if pair[1] in (self.at[name] for name in PEOPLE)]
        if allowed and draw:
            source, taker = allowed[draw % len(allowed)]
        limit = min(self.model.balances[source], self.model.allowances.get((source, taker), 0))
        value = part(limit, amount)
        self.both(
            lambda: self.model.transfer_from(taker, source, self.at[to], value),
            lambda: self.token.transferFrom(source, self.at[to], value, sender=taker),
        )

    @rule(owner=people, spender=payees, amount=amounts, end=ends, flaw=permit_flaws)
    def permit(self, owner: str, spender: str, amount: str, end: int, flaw: str | None) -> None:
        at, value, deadline = self.at, self.amount(owner, amount), self.chain.time + end
        nonce = self.model.nonces[at[owner]]
        shift = {"old nonce": -1 if nonce else 1, "new nonce": 1}.get(flaw or "", 0)
        types = ["address", "address", "uint256", "uint256", "uint256"]

        def digest(domain: Domain, nonce: int) -> bytes:
            return digest_of(domain, PERMIT, types, at[owner], at[spender], value, nonce, deadline)

        signature = self.sign(digest(self.domain(flaw), nonce + shift), owner, flaw)
        signer = recover(digest(self.stage.domain, nonce), signature)

        def in_model() -> None:
            if flaw == "high s" and end >= 0:
                raise Refused("ECDSAInvalidSignatureS", signature[32:64])
            self.model.permit(signer, at[owner], at[spender], value, deadline)

        arguments = (at[owner], at[spender], value, deadline, *vrs(signature))
        self.both(in_model, lambda: self.token.permit(*arguments, sender=at["bob"]))

    # --- votes

    @rule(account=people, to=delegates)
    def delegate(self, account: str, to: str) -> None:
        self.both(
            lambda: self.model.delegate(self.at[account], self.at[to]),
            lambda: self.token.delegate(self.at[to], sender=self.at[account]),
        )

    @rule(account=people, to=delegates, end=ends, shift=st.sampled_from((0, 0, 0, 1)))
    def delegate_by_signature(self, account: str, to: str, end: int, shift: int) -> None:
        signer, delegatee, expiry = self.at[account], self.at[to], self.chain.time + end
        nonce = self.model.nonces[signer] + shift
        types = ["address", "uint256", "uint256"]
        signature = self.sign(digest_of(self.stage.domain, DELEGATION, types, delegatee, nonce, expiry), account, None)
        self.both(
            lambda: self.model.delegate_by_signature(signer, nonce, delegatee, expiry),
            lambda: self.token.delegateBySig(delegatee, nonce, expiry, *vrs(signature), sender=self.at["bob"]),
        )

    @rule(account=people, ago=st.integers(-1, 2 * DAY))
    def look_back(self, account: str, ago: int) -> None:
        time = self.chain.time - ago
        try:
            expected = self.model.past_votes(self.at[account], time)
        except Refused as refused:
            with reverts(refused.name, *refused.values):
                self.token.getPastVotes(self.at[account], time)
        else:
            assert self.token.getPastVotes(self.at[account], time) == expected

    # --- EIP-3009

    @rule(
        target=signed,
        payer=payers,
        to=payees,
        kind=kinds,
        amount=fitting,
        start=starts,
        end=ends,
        nonce=nonces,
        flaw=flaws,
        sent=st.sampled_from((None, "bytes", "vrs")),
    )
    def authorize(
        self,
        payer: str,
        to: str,
        kind: str,
        amount: str,
        start: int,
        end: int,
        nonce: bytes,
        flaw: str | None,
        sent: str | None,
    ) -> Signed:
        """Signs, and has it sent at once, or keeps it for later."""
        value, now = self.amount(payer, amount), self.chain.time
        asked = Authorization(self.at[payer], self.at[to], value, now + start, now + end, nonce)
        written = replace(asked, value=value ^ 1) if flaw == "other value" else asked
        other_kind = RECEIVE if kind == TRANSFER else TRANSFER
        digest = written.digest(self.domain(flaw), other_kind if flaw == "other kind" else kind)
        signed = Signed(asked, kind, self.sign(digest, payer, flaw), flaw)
        if sent is not None:
            self.send(signed, sent, asked.to)
        return signed

    @rule(signed=signed, form=forms, by=st.sampled_from(("payee", "payee", *PEOPLE)))
    def submit(self, signed: Signed, form: str, by: str) -> None:
        """Sends what was signed some time: a first time, or again."""
        self.send(signed, form, signed.authorization.to if by == "payee" else self.at[by])

    def send(self, signed: Signed, form: str, sender: str) -> None:
        a = signed.authorization
        receiving = signed.kind == RECEIVE

        def in_model() -> None:
            wrong_sender = Refused("ERC20InvalidReceiver", a.to)
            if receiving and form == "bytes" and sender != a.to:
                raise wrong_sender
            self.require_signature(a.payer, signed.signature, signed.flaw, form)
            if receiving and sender != a.to:
                raise wrong_sender
            self.model.authorized(a.payer, a.to, a.value, a.valid_after, a.valid_before, a.nonce)

        method = self.token.receiveWithAuthorization if receiving else self.token.transferWithAuthorization
        fields = (a.payer, a.to, a.value, a.valid_after, a.valid_before, a.nonce)
        end = (signed.signature,) if form == "bytes" else vrs(signed.signature)
        if sender == self.at["wallet"]:
            # Nobody has the key of a contract: it is told to.
            wallet, call = self.stage.accounts["wallet"], method.calldata(*fields, *end)
            self.both(in_model, lambda: wallet.execute(self.token, 0, call, sender=self.at["bob"]))
        else:
            self.both(in_model, lambda: method(*fields, *end, sender=sender))

    @rule(payer=payers, nonce=nonces, form=forms, flaw=cancel_flaws)
    def cancel(self, payer: str, nonce: bytes, form: str, flaw: str | None) -> None:
        address = self.at[payer]
        signature = self.sign(cancel_digest(self.domain(flaw), address, nonce), payer, flaw)

        def in_model() -> None:
            self.require_signature(address, signature, flaw, form)
            self.model.cancel(address, nonce)

        end = (signature,) if form == "bytes" else vrs(signature)
        self.both(in_model, lambda: self.token.cancelAuthorization(address, nonce, *end, sender=self.at["bob"]))

    # --- time and upgrades

    @rule(seconds=st.sampled_from((1, 1, 2, 59, 60, DAY)))
    def wait(self, seconds: int) -> None:
        self.model.advance(seconds)
        self.chain.mine(seconds)

    @precondition(lambda self: self.since_upgrade >= CALLS_BETWEEN_UPGRADES)
    @rule(by=st.sampled_from(("admin", *PEOPLE)))
    def upgrade(self, by: str) -> None:
        """To the next version, or back: all that was there stays."""
        self.since_upgrade = 0
        other = 1 - self.version
        implementation = self.stage.versions[other]
        if by != "admin":
            with reverts("AccessManagedUnauthorized", self.at[by]):
                self.token.upgradeToAndCall(implementation, b"", sender=self.at[by])
            return
        receipt = self.token.upgradeToAndCall(implementation, b"", sender=self.stage.suite.admin)
        assert [event.name for event in receipt.events] == ["Upgraded"]
        self.version = other

    # --- what must hold

    def word(self, selector: bytes, address: str) -> int:
        return int.from_bytes(self.chain.call(self.token, selector + bytes.fromhex(address[2:].rjust(64, "0"))), "big")

    @invariant()
    def balances_and_votes_are_the_models(self) -> None:
        votes = self.model.votes()
        for name, address in self.at.items():
            assert self.word(BALANCE_OF, address) == self.model.balances[address], f"balance of {name}"
            assert self.word(GET_VOTES, address) == votes[address], f"votes of {name}"

    @invariant()
    def all_money_is_somebodys(self) -> None:
        assert sum(self.model.balances.values()) == MAX_SUPPLY

    def check_everything(self) -> None:
        assert self.token.totalSupply() == MAX_SUPPLY
        for address in self.at.values():
            assert self.token.nonces(address) == self.model.nonces[address]
            assert self.token.delegates(address) == self.model.delegates.get(address, NOBODY)
            for nonce in NONCES:
                assert self.token.authorizationState(address, nonce) == ((address, nonce) in self.model.used)
        for (owner, spender), value in self.model.allowances.items():
            assert self.token.allowance(owner, spender) == value
        for time, votes in self.model.history:
            for address in self.at.values():
                assert self.token.getPastVotes(address, time) == votes[address]
