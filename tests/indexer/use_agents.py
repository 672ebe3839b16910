"""Random use of the agents' registries."""

from typing import TYPE_CHECKING

from eth_account.messages import encode_typed_data

from cluster.testing import Account

if TYPE_CHECKING:
    from tests.indexer.traffic import Traffic

VALUES = (0, 1, -1, 5, 87, -(10**38), 10**38, 12345678901234567890)
TAGS = ("", "", "quality", "speed", "a tag that is longer than thirty bytes")
# Two names that look alike once bytes that are no text are escaped.
NAMES = ("x402", "did", "", "\\xff")
STEPS = (1, 3, 2**63, 2**64 - 1)
WALLET = {
    "AgentWalletSet": [
        {"name": "agentId", "type": "uint256"},
        {"name": "newWallet", "type": "address"},
        {"name": "owner", "type": "address"},
        {"name": "deadline", "type": "uint256"},
    ]
}


class AgentUse:
    """Agents are of anybody, and so is what is said about them."""

    def __init__(self, traffic: "Traffic") -> None:
        self.traffic = traffic
        self.random = traffic.random
        self.suite = traffic.suite

    def step(self) -> None:
        """One transaction or a few."""
        self.traffic.turn(
            type(self).__name__,
            (
                *(self.register, self.describe, self.hand_over, self.set_wallet, self.rate, self.rate, self.respond),
                *(self.ask, self.answer, self.open_task, self.work, self.work),
            ),
        )()

    def count(self) -> int:
        found: int = self.suite.identity.totalRegistered()
        return found

    def agent(self) -> int:
        return self.random.randrange(max(self.count(), 1))

    def owner(self, agent_id: int) -> Account:
        """Whoever may change an agent, if it is a person."""
        if agent_id < self.count():
            owner = self.suite.identity.ownerOf(agent_id)
            return next((person for person in self.traffic.people if person.address == owner), self.traffic.person())
        return self.traffic.person()

    def register(self) -> None:
        registry, person = self.suite.identity, self.traffic.person()
        kind = self.traffic.turn("register", range(3))
        if kind == 0:
            self.traffic.send(person, registry, "register")
        elif kind == 1:
            self.traffic.send_text(person, registry, "register", self.traffic.TEXT)
        else:
            entries = [(name, self.random.randbytes(self.random.choice([0, 20, 70]))) for name in NAMES[:2]]
            self.traffic.send_text(person, registry, "register", self.traffic.TEXT, entries)

    def describe(self) -> None:
        agent_id = self.agent()
        owner, registry = self.owner(agent_id), self.suite.identity
        kind = self.traffic.turn("describe", range(3))
        if kind == 0:
            self.traffic.send_text(owner, registry, "setAgentURI", agent_id, self.traffic.TEXT)
        elif kind == 1:
            self.traffic.send_text(owner, registry, "setMetadata", agent_id, self.traffic.TEXT, b"\x00\xff")
        else:
            name = self.random.choice(NAMES)
            self.traffic.send(owner, registry, "setMetadata", agent_id, name, self.random.randbytes(5))

    def hand_over(self) -> None:
        agent_id = self.agent()
        owner, registry, other = self.owner(agent_id), self.suite.identity, self.traffic.account()
        kind = self.traffic.turn("hand_over", range(3))
        if kind == 0:
            self.traffic.send(owner, registry, "transferFrom", owner, other, agent_id)
        elif kind == 1:
            self.traffic.send(owner, registry, "approve", other, agent_id)
        else:
            self.traffic.send(owner, registry, "setApprovalForAll", other, self.random.random() < 0.9)

    def set_wallet(self) -> None:
        agent_id = self.agent()
        owner, registry, wallet = self.owner(agent_id), self.suite.identity, self.traffic.person()
        if self.random.random() < 0.3:
            self.traffic.send(owner, registry, "unsetAgentWallet", agent_id)
            return
        deadline = self.traffic.now() + 200
        domain = {"name": "ERC8004IdentityRegistry", "version": "1", "chainId": 31337}
        message = {"agentId": agent_id, "newWallet": wallet.address, "owner": owner.address, "deadline": deadline}
        signable = encode_typed_data({**domain, "verifyingContract": registry.address}, WALLET, message)
        signature = bytes(wallet.local.sign_message(signable).signature)
        self.traffic.send(owner, registry, "setAgentWallet", agent_id, wallet, deadline, signature)

    def rate(self) -> None:
        registry, client, agent_id = self.suite.reputation, self.traffic.account(), self.agent()
        rated = [id_ for id_ in range(self.count()) if registry.getClientCount(id_)]
        if rated and self.traffic.turn("rate", (True, False, False)):
            agent_id = self.random.choice(rated[-5:])
            clients = registry.getClients(agent_id)
            client = next(account for account in self.traffic.accounts if account.address == clients[-1])
            last = registry.getLastIndex(agent_id, client)
            self.traffic.send(client, registry, "revokeFeedback", agent_id, self.random.randint(1, last))
            return
        texts = [self.random.choice(TAGS), self.random.choice(TAGS), "https://agent", "ipfs://why"]
        texts[self.random.randrange(4)] = self.traffic.TEXT
        value = self.random.choice(VALUES)
        decimals = self.random.choice([0, 0, 2, 18])
        rating = (agent_id, value, decimals, *texts, self.traffic.word())
        self.traffic.send_text(client, registry, "giveFeedback", *rating)

    def respond(self) -> None:
        registry, agent_id = self.suite.reputation, self.agent()
        clients = registry.getClients(agent_id)
        client = self.random.choice(clients) if clients else self.traffic.person().address
        said = (agent_id, client, 1, self.traffic.TEXT, self.traffic.word())
        self.traffic.send_text(self.traffic.account(), registry, "appendResponse", *said)

    def ask(self) -> None:
        """The same hash by several agents, too: all but the first get a key of their own."""
        request = self.traffic.word()
        for agent_id in {self.agent(), self.agent()}:
            asked = (self.traffic.account(), agent_id, self.traffic.TEXT, request)
            self.traffic.send_text(self.owner(agent_id), self.suite.validation, "validationRequest", *asked)

    def answer(self) -> None:
        registry = self.suite.validation
        asked = {account: registry.getValidatorRequests(account) for account in self.traffic.accounts}
        validator = self.random.choice([account for account, keys in asked.items() if keys] or self.traffic.accounts)
        keys = asked[validator]
        if not keys:
            self.ask()
            return
        texts = ["ipfs://answer", "tag"]
        texts[self.random.randrange(2)] = self.traffic.TEXT
        answer = (self.random.choice(keys), self.random.randint(0, 100), texts[0], self.traffic.word(), texts[1])
        self.traffic.send_text(validator, registry, "validationResponse", *answer)

    def open_task(self) -> None:
        agent_id, activity = self.agent(), self.suite.activity
        parent = self.random.randint(0, activity.taskCount()) if self.random.random() < 0.5 else 0
        self.traffic.send(self.owner(agent_id), activity, "openTask", agent_id, parent, self.traffic.word())

    def work(self) -> None:
        activity = self.suite.activity
        count = activity.taskCount()
        if count == 0:
            self.open_task()
            return
        task = self.random.randint(1, count)
        owner = self.owner(activity.taskOf(task).agentId)
        if self.random.random() < 0.7:
            self.traffic.send(owner, activity, "logSteps", task, self.traffic.word(), self.random.choice(STEPS))
        else:
            self.traffic.send(owner, activity, "closeTask", task, self.random.choice([bytes(32), self.traffic.word()]))
