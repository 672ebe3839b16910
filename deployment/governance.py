"""Proposals to ClusterGovernor: made, voted on, queued, executed, canceled, and where they stand."""

from collections.abc import Iterator, Sequence
from typing import Any

from eth_utils import keccak
from msgspec import Struct

from cluster.chain.protocol import CP
from deployment import events, wiring
from deployment.chain import Reverted
from deployment.errors import DeploymentError, NothingToDo
from deployment.governor import NAME
from deployment.managed import utc
from deployment.office import Office
from deployment.upgrade import Upgrade

SUPPORT = ("against", "for", "abstain")
"""Votes, each at its number."""

_STATES = ("pending", "active", "canceled", "defeated", "succeeded", "queued", "expired", "executed")
_NEXT = {
    "pending": "votes are taken from {voting}",
    "active": "votes are taken until {deadline}: `vote`",
    "succeeded": "next: `queue`",
    "queued": "can be executed from {ready}",
    "ready": "can be executed since {ready}: `execute`",
    "vetoed": "canceled in the AccessManager; to go on, cancel what else of it is scheduled and propose it anew",
    "expired": "nobody executed it in time; to go on, propose it anew",
}


class Call(Struct, frozen=True):
    """What a proposal calls; `value` in wei, of the governor's own, as decimal digits."""

    target: str
    data: str
    value: str = "0"

    def __str__(self) -> str:
        return f"  {self.target} {self.data}" + ("" if self.value == "0" else f" with {self.value} wei")


class Proposal(Struct, frozen=True):
    """A proposal as it was made."""

    id: int
    proposer: str
    calls: list[Call]
    description: str

    @property
    def hashed(self) -> tuple[list[str], list[int], list[bytes], bytes]:
        """Arguments of `queue`, `execute` and `cancel`."""
        return *actions(self.calls), keccak(text=self.description)


class Status(Struct, frozen=True, rename="camel"):
    """Where a proposal stands: pending, active, canceled, defeated, succeeded, queued, ready, vetoed (its calls were
    canceled in the AccessManager), expired or executed. Votes and quorum in wei of CP, as decimal digits; times in unix
    seconds, 0 for none.
    """

    id: str
    state: str
    proposer: str
    description: str
    calls: list[Call]
    votes_for: str
    votes_against: str
    votes_abstain: str
    quorum: str
    votes_at: int
    votes_until: int
    ready_at: int

    def __str__(self) -> str:
        counted = {"for": self.votes_for, "against": self.votes_against, "abstain": self.votes_abstain}
        votes = ", ".join(f"{support} {int(amount) // CP:,}" for support, amount in counted.items())
        lines = [f"{self.id}: {self.state}", f"  {self.description}", *map(str, self.calls)]
        if self.state != "pending":
            lines.append(f"  CP {votes}; quorum {int(self.quorum) // CP:,}")
        if self.state in _NEXT:
            times = {"voting": utc(self.votes_at), "deadline": utc(self.votes_until), "ready": utc(self.ready_at)}
            lines.append("  " + _NEXT[self.state].format(**times))
        return "\n".join(lines)


def actions(calls: Sequence[Call]) -> tuple[list[str], list[int], list[bytes]]:
    """Targets, values, calldatas."""
    return [c.target for c in calls], [int(c.value) for c in calls], [bytes.fromhex(c.data[2:]) for c in calls]


class Governance:
    """The governor of a deployment, or another one at an address."""

    def __init__(self, office: Office, address: str | None = None) -> None:
        self._office = office
        self._chain = office.chain
        if address is None:
            deployed = office.manifest.contract(NAME)
            self.address, self._since = deployed.address, deployed.block
        else:
            self.address, self._since = address, office.manifest.contract("AccessManager").block
        if not self._chain.code(self.address):
            raise DeploymentError(f"there is no governor at {self.address} on this chain")

    def delegate(self, to: str | None = None) -> str:
        """Gives the signing account's votes to somebody, itself by default. Gives the account that has them now."""
        chain, token = self._chain, self._office.address("ClusterToken")
        to = to or chain.sender
        if chain.read("ClusterToken", token, "delegates", chain.sender) == to:
            raise NothingToDo(f"the votes of {chain.sender} are delegated to {to} already")
        with self._office.sending(f"delegate {chain.sender}") as sender:
            sender.call("delegate", token, chain.encode("ClusterToken", "delegate", to))
        return to

    def upgrade_call(self, contract: str) -> Call:
        """The call of an upgrade that `ape run upgrade --schedule --proposer <governor>` prepared."""
        target, data = self._upgrade(contract).call(self.address)
        return Call(target, "0x" + data.hex())

    def propose(self, calls: list[Call], description: str) -> Status:
        """Proposes calls. Raises `NothingToDo` if that was proposed."""
        chain, parts = self._chain, actions(calls)
        id_ = int(self._read("getProposalId", *parts, keccak(text=description)))
        if self._read("proposalSnapshot", id_):
            raise NothingToDo(f"proposed already\n{self.status(id_)}")
        # As the chain counts them: a second before.
        votes = int(self._read("getVotes", chain.sender, chain.now() - 1))
        threshold = int(self._read("proposalThreshold"))
        if votes < threshold:
            raise DeploymentError(
                f"{chain.sender} has {votes // CP:,} votes and needs {threshold // CP:,} to propose; CP votes from "
                "the block after it is delegated: `ape run governance delegate`"
            )
        self._send(f"propose {hex(id_)[:10]}", "propose", *parts, description)
        return self.status(id_)

    def vote(self, id_: int, support: str, reason: str = "") -> Status:
        """Votes with all that the signing account had at the proposal's snapshot."""
        self._require(id_, "active")
        if self._read("hasVoted", id_, self._chain.sender):
            raise NothingToDo(f"{self._chain.sender} has voted\n{self.status(id_)}")
        if not self._read("getVotes", self._chain.sender, self._read("proposalSnapshot", id_)):
            raise DeploymentError(
                f"{self._chain.sender} had no votes when this proposal's were counted; what is delegated now votes on "
                "later proposals"
            )
        self._send(f"vote {hex(id_)[:10]}", "castVoteWithReason", id_, SUPPORT.index(support), reason)
        return self.status(id_)

    def queue(self, id_: int) -> Status:
        """Schedules the calls of a proposal that passed. Anyone may."""
        self._require(id_, "succeeded", done=("queued", "ready"))
        self._send(f"queue {hex(id_)[:10]}", "queue", *self._proposal(id_).hashed)
        return self.status(id_)

    def execute(self, id_: int) -> Status:
        """Makes the calls, after the delay. Anyone may. An upgrade among them is put on record."""
        self._require(id_, "ready", done=("executed",))
        proposal = self._proposal(id_)
        self._send(f"execute {hex(id_)[:10]}", "execute", *proposal.hashed)
        for contract in self._upgraded(proposal):
            self._upgrade(contract)
        return self.status(id_)

    def cancel(self, id_: int) -> Status:
        """Cancels: for its proposer before the vote begins; afterwards, what of it is scheduled and the signing account
        may cancel, for a guardian.
        """
        status = self._require(id_, "pending", "queued", "ready", "vetoed")
        if status.state == "pending":
            self._send(f"cancel {hex(id_)[:10]}", "cancel", *self._proposal(id_).hashed)
            return self.status(id_)
        chain, manager = self._chain, self._office.manager
        scheduled = list(self._scheduled(id_, status.calls))
        encoded = [
            chain.encode(wiring.MANAGER, "cancel", self.address, call.target, bytes.fromhex(call.data[2:]))
            for call, at in scheduled
            if at
        ]
        allowed = [call for call in encoded if self._is_accepted(manager, call)]
        if not encoded:
            raise NothingToDo(f"nothing of it is scheduled in the AccessManager\n{status}")
        if not allowed:
            raise DeploymentError(f"{chain.sender} may cancel nothing of it: sign with a guardian\n{status}")
        with self._office.sending(f"cancel {id_}", len(allowed)) as sender:
            for call in allowed:
                sender.call(f"cancel {keccak(call).hex()[:8]}", manager, call)
        return self.status(id_)

    def find(self, text: str) -> int:
        """A proposal's id from its decimal or 0x-prefixed digits, of which the first few will do."""
        known = [proposal.id for proposal in self._proposals()]
        fitting = [id_ for id_ in known if str(id_) == text or f"0x{id_:064x}".startswith(text.lower())]
        if len(fitting) != 1:
            several = "several proposals" if fitting else "no proposal"
            raise DeploymentError(f"{text!r} fits {several}; `ape run governance status` lists them")
        return fitting[0]

    def all(self) -> list[Status]:
        """Every proposal, oldest first."""
        return [self._status(proposal) for proposal in self._proposals()]

    def status(self, id_: int) -> Status:
        """Where a proposal stands."""
        return self._status(self._proposal(id_))

    def _status(self, proposal: Proposal) -> Status:
        id_ = proposal.id
        against, in_favor, abstain = self._read("proposalVotes", id_)
        snapshot, eta = int(self._read("proposalSnapshot", id_)), int(self._read("proposalEta", id_))
        state = _STATES[self._read("state", id_)]
        if state == "queued":
            state = self._queued(id_, proposal.calls, eta)
        return Status(
            id=f"0x{id_:064x}",
            state=state,
            proposer=proposal.proposer,
            description=proposal.description,
            calls=proposal.calls,
            votes_for=str(in_favor),
            votes_against=str(against),
            votes_abstain=str(abstain),
            quorum=str(self._read("quorum", snapshot)) if snapshot < self._chain.now() else "0",
            votes_at=snapshot,
            votes_until=int(self._read("proposalDeadline", id_)),
            ready_at=eta,
        )

    def _queued(self, id_: int, calls: list[Call], eta: int) -> str:
        """The AccessManager keeps its own count of what is scheduled, which the governor does not look at."""
        now = self._chain.now()
        if not all(at for _, at in self._scheduled(id_, calls)):
            expiration = int(self._chain.read(wiring.MANAGER, self._office.manager, "expiration"))
            return "expired" if now >= eta + expiration else "vetoed"
        return "ready" if now >= eta else "queued"

    def _scheduled(self, id_: int, calls: list[Call]) -> Iterator[tuple[Call, int]]:
        """The calls that had to be scheduled, each with the time from which it can be made, 0 if it can't any more."""
        manager = self._office.manager
        _, _, delayed = self._read("proposalExecutionPlan", id_)
        for call, waits in zip(calls, delayed, strict=True):
            if waits:
                data = bytes.fromhex(call.data[2:])
                operation = self._chain.read(wiring.MANAGER, manager, "hashOperation", self.address, call.target, data)
                yield call, int(self._chain.read(wiring.MANAGER, manager, "getSchedule", operation))

    def _require(self, id_: int, *states: str, done: tuple[str, ...] = ()) -> Status:
        status = self.status(id_)
        if status.state in done:
            raise NothingToDo(f"done already\n{status}")
        if status.state not in states:
            raise DeploymentError(f"not while it is {status.state}\n{status}")
        return status

    def _proposals(self) -> list[Proposal]:
        found = events.read(self._chain, NAME, self.address, ("ProposalCreated",), self._since)
        return [_proposal_of(event.values) for event in found]

    def _proposal(self, id_: int) -> Proposal:
        for proposal in self._proposals():
            if proposal.id == id_:
                return proposal
        raise DeploymentError(f"the governor {self.address} knows no proposal {id_}")

    def _upgraded(self, proposal: Proposal) -> list[str]:
        contracts = {deployed.address: name for name, deployed in self._office.manifest.contracts.items()}
        (selector,) = self._chain.selectors("ClusterToken", "upgradeToAndCall")
        return [
            contracts[call.target]
            for call in proposal.calls
            if call.target in contracts and call.data.startswith("0x" + selector.hex())
        ]

    def _upgrade(self, contract: str) -> Upgrade:
        office = self._office
        return Upgrade(office.chain, office.confirmations, office.folder, contract, "status", office.quiet)

    def _is_accepted(self, to: str, data: bytes) -> bool:
        try:
            self._chain.call(to, data)
        except Reverted:
            return False
        return True

    def _send(self, what: str, method: str, *args: Any) -> None:
        with self._office.sending(f"{what} {self._chain.sender}") as sender:
            sender.call(what, self.address, self._chain.encode(NAME, method, *args))

    def _read(self, method: str, *args: Any) -> Any:
        return self._chain.read(NAME, self.address, method, *args)


def _proposal_of(values: dict[str, Any]) -> Proposal:
    parts = zip(values["targets"], values["values"], values["calldatas"], strict=True)
    calls = [Call(target, "0x" + bytes(data).hex(), str(value)) for target, value, data in parts]
    return Proposal(values["proposalId"], values["proposer"], calls, values["description"])
