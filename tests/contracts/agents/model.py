"""What the four contracts promise, in plain Python: identities, feedback, validations, tasks, and their events."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from eth_abi import encode
from eth_utils import keccak

from tests.contracts.agents.merkle import Tree
from tests.contracts.agents.summary import MAX_DECIMALS, MAX_VALUE, mean
from tests.contracts.receipts.trees import Batch, Receipt, Row

NOBODY = "0x0000000000000000000000000000000000000000"
WALLET_KEY = "agentWallet"
MAX_DEADLINE_DELAY_S = 300
SCOPED = keccak(text="cluster.scopedRequest")[:8]
NONE = bytes(32)

Event = tuple[str, dict[str, Any]]


class Refused(Exception):
    """The contract reverts with this error."""

    def __init__(self, name: str, *values: Any) -> None:
        super().__init__(name, values)
        self.name = name
        self.values = values


@dataclass
class Agent:
    owner: str
    wallet: str
    uri: str
    approved: str = NOBODY
    metadata: dict[str, bytes] = field(default_factory=dict)


@dataclass
class Feedback:
    value: int
    decimals: int
    tags: tuple[str, str]
    revoked: bool = False
    # Micro-dollars of the receipt that backs it.
    paid: int = 0
    responses: Counter[str] = field(default_factory=Counter)


@dataclass
class Request:
    validator: str
    agent_id: int
    updated_at: int
    response: int | None = None
    response_hash: bytes = NONE
    tag: str = ""


@dataclass
class Task:
    agent_id: int
    parent: int
    opened_at: int
    input_hash: bytes
    output_hash: bytes = NONE
    closed_at: int = 0
    # first step, count, tree, time
    batches: list[tuple[int, int, Tree, int]] = field(default_factory=list)

    @property
    def steps(self) -> int:
        return sum(batch[1] for batch in self.batches)


@dataclass
class Model:
    time: int
    # Contracts that take no tokens.
    refusing: frozenset[str]
    agents: list[Agent] = field(default_factory=list)
    operators: set[tuple[str, str]] = field(default_factory=set)
    used: set[bytes] = field(default_factory=set)
    feedback: dict[tuple[int, str], list[Feedback]] = field(default_factory=dict)
    requests: dict[bytes, Request] = field(default_factory=dict)
    tasks: list[Task] = field(default_factory=list)
    # (account, relay): who lets whom draw.
    granted: set[tuple[str, str]] = field(default_factory=set)
    batches: list[Batch] = field(default_factory=list)
    # Receipts that were used, by their leaves; and of what was drawn, by relay, batch and row.
    receipts_used: set[bytes] = field(default_factory=set)
    payments_used: Counter[tuple[str, int, int]] = field(default_factory=Counter)
    events: list[Event] = field(default_factory=list)

    def run(self, action: Callable[[], None]) -> list[Event]:
        """Events of an action; raises `Refused` before anything has changed."""
        self.events = []
        action()
        return self.events

    def emit(self, name: str, **values: Any) -> None:
        self.events.append((name, values))

    # --- identity

    def agent(self, agent_id: int) -> Agent:
        if not 0 <= agent_id < len(self.agents):
            raise Refused("ERC721NonexistentToken", agent_id)
        return self.agents[agent_id]

    def authorized(self, account: str, agent_id: int) -> bool:
        agent = self.agent(agent_id)
        return account in (agent.owner, agent.approved) or (agent.owner, account) in self.operators

    def writing(self, caller: str, agent_id: int) -> Agent:
        if not self.authorized(caller, agent_id):
            raise Refused("NotAuthorized", agent_id, caller)
        return self.agents[agent_id]

    def register(
        self,
        owner: str,
        uri: str | None,
        metadata: list[tuple[str, bytes]],
        callback: Callable[[], None] | None = None,
    ) -> None:
        for key, _ in metadata:
            if key == WALLET_KEY:
                raise Refused("ReservedKey", key)
        if owner in self.refusing:
            raise Refused("ERC721InvalidReceiver", owner)
        agent_id = len(self.agents)
        self.agents.append(Agent(owner, owner, uri or ""))
        self.emit("Transfer", **{"from": NOBODY}, to=owner, tokenId=agent_id)
        if uri is not None:
            self.emit("MetadataUpdate", _tokenId=agent_id)
        self.emit("Registered", agentId=agent_id, agentURI=uri or "", owner=owner)
        self._set_wallet(agent_id, owner)
        for key, value in metadata:
            self._set_metadata(agent_id, key, value)
        if callback is not None:
            self.try_to(callback)

    def try_to(self, callback: Callable[[], None]) -> bool:
        """A call from within a call: that it reverts changes nothing."""
        try:
            callback()
        except Refused:
            return False
        return True

    def _set_metadata(self, agent_id: int, key: str, value: bytes) -> None:
        self.agents[agent_id].metadata[key] = value
        self._say_metadata(agent_id, key, value)

    def _say_metadata(self, agent_id: int, key: str, value: bytes) -> None:
        self.emit(
            "MetadataSet",
            agentId=agent_id,
            indexedMetadataKey=keccak(text=key),
            metadataKey=key,
            metadataValue=value,
        )

    def _set_wallet(self, agent_id: int, wallet: str) -> None:
        self.agents[agent_id].wallet = wallet
        self._say_metadata(agent_id, WALLET_KEY, self.packed_wallet(agent_id))

    def packed_wallet(self, agent_id: int) -> bytes:
        wallet = self.agents[agent_id].wallet
        return b"" if wallet == NOBODY else bytes.fromhex(wallet[2:])

    def set_uri(self, caller: str, agent_id: int, uri: str) -> None:
        self.writing(caller, agent_id).uri = uri
        self.emit("MetadataUpdate", _tokenId=agent_id)
        self.emit("URIUpdated", agentId=agent_id, newURI=uri, updatedBy=caller)

    def set_metadata(self, caller: str, agent_id: int, key: str, value: bytes) -> None:
        self.writing(caller, agent_id)
        if key == WALLET_KEY:
            raise Refused("ReservedKey", key)
        self._set_metadata(agent_id, key, value)

    def unset_wallet(self, caller: str, agent_id: int) -> None:
        self.writing(caller, agent_id)
        self._set_wallet(agent_id, NOBODY)

    def set_wallet(self, caller: str, agent_id: int, wallet: str, deadline: int, digest: bytes, valid: bool) -> None:
        """`valid`: whether the wallet signed, or said yes to, the message of this digest."""
        self.writing(caller, agent_id)
        if wallet == NOBODY:
            raise Refused("InvalidWallet", wallet)
        if self.time > deadline:
            raise Refused("SignatureExpired", deadline, self.time)
        if deadline > self.time + MAX_DEADLINE_DELAY_S:
            raise Refused("DeadlineTooFar", deadline, self.time + MAX_DEADLINE_DELAY_S)
        if digest in self.used:
            raise Refused("SignatureUsed", digest)
        if not valid:
            raise Refused("InvalidWalletSignature", wallet, digest)
        self.used.add(digest)
        self._set_wallet(agent_id, wallet)

    def transfer(
        self, caller: str, agent_id: int, to: str, safe: bool = False, callback: Callable[[], None] | None = None
    ) -> None:
        if to == NOBODY:
            raise Refused("ERC721InvalidReceiver", to)
        if not self.authorized(caller, agent_id):
            raise Refused("ERC721InsufficientApproval", caller, agent_id)
        if safe and to in self.refusing:
            raise Refused("ERC721InvalidReceiver", to)
        agent = self.agents[agent_id]
        self._set_wallet(agent_id, NOBODY)
        self.emit("Transfer", **{"from": agent.owner}, to=to, tokenId=agent_id)
        agent.owner, agent.approved = to, NOBODY
        if safe and callback is not None:
            self.try_to(callback)

    def approve(self, caller: str, agent_id: int, to: str) -> None:
        agent = self.agent(agent_id)
        if caller != agent.owner and (agent.owner, caller) not in self.operators:
            raise Refused("ERC721InvalidApprover", caller)
        agent.approved = to
        self.emit("Approval", owner=agent.owner, approved=to, tokenId=agent_id)

    def set_operator(self, owner: str, operator: str, approved: bool) -> None:
        (self.operators.add if approved else self.operators.discard)((owner, operator))
        self.emit("ApprovalForAll", owner=owner, operator=operator, approved=approved)

    # --- reputation

    def given(self, agent_id: int, client: str) -> list[Feedback]:
        return self.feedback.get((agent_id, client), [])

    def clients(self, agent_id: int) -> list[str]:
        """In order of their first feedback, as dicts keep it."""
        return [client for agent, client in self.feedback if agent == agent_id]

    def give(self, client: str, agent_id: int, value: int, decimals: int, tags: tuple[str, str]) -> None:
        if decimals > MAX_DECIMALS:
            raise Refused("TooManyDecimals", decimals, MAX_DECIMALS)
        if abs(value) > MAX_VALUE:
            raise Refused("ValueOutOfRange", value, MAX_VALUE)
        if self.authorized(client, agent_id):
            raise Refused("SelfFeedback", agent_id, client)
        given = self.feedback.setdefault((agent_id, client), [])
        given.append(Feedback(value, decimals, tags))
        self.emit(
            "NewFeedback",
            agentId=agent_id,
            clientAddress=client,
            feedbackIndex=len(given),
            value=value,
            valueDecimals=decimals,
            indexedTag1=keccak(text=tags[0]),
            tag1=tags[0],
            tag2=tags[1],
            endpoint="",
            feedbackURI="",
            feedbackHash=NONE,
        )

    def known_feedback(self, agent_id: int, client: str, index: int) -> Feedback:
        given = self.given(agent_id, client)
        if not 1 <= index <= len(given):
            raise Refused("FeedbackUnknown", agent_id, client, index, len(given))
        return given[index - 1]

    def revoke(self, client: str, agent_id: int, index: int) -> None:
        feedback = self.known_feedback(agent_id, client, index)
        if feedback.revoked:
            raise Refused("AlreadyRevoked", agent_id, client, index)
        feedback.revoked = True
        self.emit("FeedbackRevoked", agentId=agent_id, clientAddress=client, feedbackIndex=index)

    # A batch is what a relay says, but for its rows: those were drawn.

    def draw(self, relay: str, receipts: list[Receipt], rows: list[Row] | None) -> Batch:
        """Without rows it is anchored and nothing more."""
        number = 1 + sum(batch.relay == relay for batch in self.batches)
        drawn = tuple(row if (row.account, relay) in self.granted and row.microDollars else None for row in rows or ())
        self.batches.append(Batch(relay, number, tuple(receipts), drawn))
        return self.batches[-1]

    def prove(self, client: str, agent_id: int, index: int, batch: Batch, position: int, row: int) -> None:
        feedback = self.known_feedback(agent_id, client, index)
        if feedback.revoked:
            raise Refused("AlreadyRevoked", agent_id, client, index)
        if feedback.paid:
            raise Refused("AlreadyProven", agent_id, client, index)
        receipt = batch.receipts[position]
        if receipt.account != client:
            raise Refused("ReceiptOfAnotherAccount", receipt.account, client)
        if receipt.agent != agent_id + 1:
            raise Refused("ReceiptOfAnotherAgent", receipt.agent, agent_id + 1)
        if self.authorized(client, agent_id) or self.agents[agent_id].wallet == client:
            raise Refused("SelfFeedback", agent_id, client)
        if not batch.proves(position, row):
            raise Refused("PaymentNotProven", batch.relay, batch.number, receipt.requestId)
        if receipt.leaf in self.receipts_used:
            raise Refused("ReceiptUsed", receipt.leaf)
        place, drawn = (batch.relay, batch.number, row), batch.rows[row]
        left = (drawn.microDollars if drawn else 0) - self.payments_used[place]
        if receipt.microDollars > left:
            raise Refused("PaymentUsedUp", *place, receipt.microDollars, left)
        self.receipts_used.add(receipt.leaf)
        self.payments_used[place] += receipt.microDollars
        feedback.paid = receipt.microDollars
        self.emit(
            "FeedbackProven",
            agentId=agent_id,
            clientAddress=client,
            feedbackIndex=index,
            receipt=receipt.leaf,
            relay=batch.relay,
            batch=batch.number,
            row=row,
            microDollars=receipt.microDollars,
        )

    def respond(self, responder: str, agent_id: int, client: str, index: int, uri: str) -> None:
        if not uri:
            raise Refused("EmptyResponseURI")
        self.known_feedback(agent_id, client, index).responses[responder] += 1
        self.emit(
            "ResponseAppended",
            agentId=agent_id,
            clientAddress=client,
            feedbackIndex=index,
            responder=responder,
            responseURI=uri,
            responseHash=NONE,
        )

    def reputation(
        self, agent_id: int, clients: list[str], tag1: str, tag2: str, proven: bool = False
    ) -> tuple[int, int, int]:
        return mean(
            (f.value, f.decimals)
            for client in clients
            for f in self.given(agent_id, client)
            if not f.revoked and tag1 in ("", f.tags[0]) and tag2 in ("", f.tags[1]) and (f.paid or not proven)
        )

    def proven_total(self, agent_id: int) -> tuple[int, int, int, int]:
        clients = self.clients(agent_id)
        paid = sum(f.paid for client in clients for f in self.given(agent_id, client) if not f.revoked)
        return (*self.reputation(agent_id, clients, "", "", proven=True), paid)

    # --- validation

    def scoped(self, agent_id: int, validator: str, hash_: bytes) -> bytes:
        return SCOPED + keccak(encode(["uint256", "address", "bytes32"], [agent_id, validator, hash_]))[8:]

    def ask(self, caller: str, validator: str, agent_id: int, hash_: bytes) -> None:
        if validator == NOBODY:
            raise Refused("InvalidValidator", validator)
        self.writing(caller, agent_id)
        key, holder = hash_, self.requests.get(hash_)
        if holder and holder.agent_id == agent_id:
            raise Refused("RequestExists", hash_, agent_id)
        if holder or hash_.startswith(SCOPED):
            key = self.scoped(agent_id, validator, hash_)
            if key in self.requests:
                raise Refused("RequestExists", hash_, agent_id)
            self.emit("RequestScoped", requestHash=hash_, key=key, agentId=agent_id)
        self.requests[key] = Request(validator, agent_id, self.time)
        self.emit("ValidationRequest", validatorAddress=validator, agentId=agent_id, requestURI="", requestHash=key)

    def answer(self, caller: str, key: bytes, response: int, tag: str) -> None:
        if response > 100:
            raise Refused("ResponseOutOfRange", response, 100)
        request = self.requests.get(key)
        if request is None:
            raise Refused("RequestUnknown", key)
        if caller != request.validator:
            raise Refused("NotValidator", key, caller, request.validator)
        answer_hash = keccak(text=tag)
        request.response, request.tag, request.response_hash = response, tag, answer_hash
        request.updated_at = self.time
        self.emit(
            "ValidationResponse",
            validatorAddress=caller,
            agentId=request.agent_id,
            requestHash=key,
            response=response,
            responseURI="",
            responseHash=answer_hash,
            tag=tag,
        )

    def validation(self, agent_id: int, validators: list[str], tag: str) -> tuple[int, int]:
        answers = [
            request.response
            for request in self.requests.values()
            if request.agent_id == agent_id
            and request.response is not None
            and (not validators or request.validator in validators)
            and tag in ("", request.tag)
        ]
        return (len(answers), sum(answers) // len(answers)) if answers else (0, 0)

    # --- activity

    def acting(self, caller: str, agent_id: int) -> None:
        if not self.authorized(caller, agent_id) and self.agents[agent_id].wallet != caller:
            raise Refused("NotAgent", agent_id, caller)

    def open_task(self, number: int) -> Task:
        if not 1 <= number <= len(self.tasks):
            raise Refused("TaskUnknown", number)
        task = self.tasks[number - 1]
        if task.closed_at:
            raise Refused("TaskNotOpen", number, task.closed_at)
        return task

    def open(self, caller: str, agent_id: int, parent: int, input_hash: bytes) -> None:
        self.acting(caller, agent_id)
        if parent:
            self.open_task(parent)
        self.tasks.append(Task(agent_id, parent, self.time, input_hash))
        self.emit(
            "TaskOpened",
            task=len(self.tasks),
            agentId=agent_id,
            parentTask=parent,
            inputHash=input_hash,
            by=caller,
        )

    def log(self, caller: str, number: int, tree: Tree, count: int) -> None:
        task = self.open_task(number)
        self.acting(caller, task.agent_id)
        if count == 0:
            raise Refused("EmptyBatch", tree.root, count)
        first = task.steps
        if first + count >= 2**64:
            raise Refused("TooManySteps", first, count)
        self.emit(
            "StepsLogged",
            task=number,
            batch=len(task.batches),
            merkleRoot=tree.root,
            firstStep=first,
            count=count,
            by=caller,
        )
        task.batches.append((first, count, tree, self.time))

    def close(self, caller: str, number: int, output_hash: bytes) -> None:
        task = self.open_task(number)
        self.acting(caller, task.agent_id)
        task.closed_at, task.output_hash = self.time, output_hash
        self.emit("TaskClosed", task=number, agentId=task.agent_id, outputHash=output_hash, by=caller)
