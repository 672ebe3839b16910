"""The story: a dataset is published, found, bought twice; an agent pays for an answer; the indexer tells it all."""

from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount

from cluster.chain.paths import root
from cluster.content import dataset as datasets
from cluster.content.cid import Cid
from cluster.demo import inference, market
from cluster.demo.chain import Chain
from cluster.demo.errors import NotAsTold
from cluster.demo.index import Index
from cluster.demo.record import Entry, Record
from cluster.demo.screen import Screen
from cluster.stack.accounts import account
from cluster.stack.relay_settings import MODEL
from cluster.stack.stack import Stack

DATASET = root() / "datasets" / "palmer-penguins"
PRICE = 12_345_679
"""Micro-dollars. It does not divide evenly, so that the dust shows."""
POCKET_MONEY = 100_000_000


class Story:
    """Plays the scenes in order on a running stack, and keeps the record."""

    def __init__(self, stack: Stack, screen: Screen, folder: Path = DATASET) -> None:
        self._stack = stack
        self._screen = screen
        self._folder = folder
        self._chain = Chain(stack.urls["anvil"], stack.manifest)
        self._index = Index(stack.urls["indexer"])
        contracts = {name: deployed.address for name, deployed in stack.manifest.contracts.items()}
        self.record = Record(services=stack.urls, contracts=contracts)

    def play(self) -> Record:
        """All scenes."""
        try:
            agent: LocalAccount = Account.create()
            self._pocket_money(agent.address)
            id_ = self._dataset_is_sold(agent)
            self._agent_is_answered(agent)
            self._all_is_indexed(id_, agent.address)
        finally:
            self._index.close()
        return self.record

    def _tell(self, *entries: Entry) -> None:
        for entry in entries:
            self.record.entries.append(entry)
            self._screen.entry(entry)

    def _pocket_money(self, agent: str) -> None:
        mint = self._chain.contract("USDC").functions.mint
        for who in (account("buyer").address, agent):
            self._chain.send(account("deployer"), mint(who, POCKET_MONEY))

    def _dataset_is_sold(self, agent: LocalAccount) -> int:
        self._screen.chapter("A dataset is published and sold")
        described = datasets.load(self._folder)
        self._screen.line(f"{described.name}: {len(described.files)} files, {described.root_cid}")
        id_, published = market.publish(self._chain, account("creator"), described, PRICE)
        self._tell(published)
        self._index.wait_for(self._chain.web3.eth.block_number)
        found = self._index.find("penguins")
        self._require_same_content(found["cid"], described.root_cid)
        self._screen.line(f"buyer finds {found['slug']} through the indexer, and its content is what was published")
        referrer = account("referrer").address
        self._tell(*market.buy(self._chain, account("buyer"), found, referrer))
        # The agent holds no coin: the referrer pays the gas, as anybody could.
        self._tell(*market.buy_by_signature(self._chain, agent, account("referrer"), found))
        for who in (account("buyer").address, agent.address):
            if not market.can_download(self._chain, id_, who):
                raise NotAsTold(f"{who} paid for dataset {id_}, but may not download it")
        return id_

    def _agent_is_answered(self, agent: LocalAccount) -> None:
        self._screen.chapter("An agent with nothing but a wallet asks a model")
        relay, operator = self._stack.urls["relay"], account("operator").address
        self._tell(inference.refused_without_payment(relay, MODEL))
        before = self._chain.usdc(operator)
        self._screen.line(f"agent asks again, and pays: {inference.QUESTION}")
        answer = inference.ask(relay, MODEL, agent, self._screen.word)
        self.record.answer = answer.text
        self._tell(inference.paid(self._chain, answer, operator, before))

    def _all_is_indexed(self, id_: int, agent: str) -> None:
        self._screen.chapter("The indexer tells the same")
        self._index.wait_for(self._chain.web3.eth.block_number)
        buyers = [account("buyer").address, agent]
        dataset = str(id_)
        self.record.found = self._index.story(dataset, account("creator").address, buyers)
        seen, told = len(self.record.found["purchases"]), sum("buys" in entry.what for entry in self.record.entries)
        if seen != told:
            raise NotAsTold(f"the indexer knows {seen} purchases of {told}")
        self._screen.line(f"{seen} purchases, earnings and access as the contracts have them")

    def _require_same_content(self, found: str, published: str) -> None:
        if Cid.parse(found) != Cid.parse(published):
            raise NotAsTold(f"the indexer has content {found}, published was {published}")
