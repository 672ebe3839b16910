"""Gas of the ReputationRegistry.

`first`: the agent had no feedback. `again`: from the same client. `full`: every field is given.
"""

from eth_utils import keccak

from tests.contracts.agents.agents import Agents
from tests.contracts.receipts.trees import Receipt, Row
from tests.gas.data import REVIEW
from tests.gas.identity import URI
from tests.gas.meter import Meter

AGENT = 0
FULL = (AGENT, 9_977, 2, "quality", "summarization", "https://agent.example/a2a", REVIEW, keccak(b"feedback"))
LONG_TAGS = (AGENT, 9_977, 2, "successRate", "long-document-summarization", *FULL[5:])
BARE = (AGENT, 87, 0, "", "", "", "", bytes(32))
ENTRIES = 100


def measure(meter: Meter) -> None:
    with meter.apart():
        meter.suite.identity.register(URI, sender=meter.account("owner"))
        _giving(meter)
        _answers(meter)
        _proofs(meter)
        _summaries(meter)


def _giving(meter: Meter) -> None:
    reputation, client = meter.suite.reputation, meter.account("client")
    for name, given in (("full", FULL), ("full_long_tags", LONG_TAGS), ("bare", BARE)):
        with meter.apart():
            for when in ("first", "again"):
                meter(f"feedback_{name}_{when}", reputation.giveFeedback, *given, sender=client)


def _answers(meter: Meter) -> None:
    reputation, client, owner = meter.suite.reputation, meter.account("client"), meter.account("owner")
    with meter.apart():
        reputation.giveFeedback(*FULL, sender=client)
        answer = (AGENT, client, 1, REVIEW, keccak(b"response"))
        for when in ("first", "again"):
            meter(f"feedback_response_{when}", reputation.appendResponse, *answer, sender=owner)
        meter("feedback_revoke", reputation.revokeFeedback, AGENT, 1, sender=client)


def _proofs(meter: Meter) -> None:
    """By a batch of 100 receipts, two to a row that was drawn."""
    reputation, client, relay = meter.suite.reputation, meter.account("client"), meter.account("relay")
    agents = Agents(meter.suite)
    operator = meter.account("operator").address
    with meter.apart():
        agents.prepay(client, [relay])
        served = [
            Receipt(keccak(number.to_bytes(2)), client.address, 1, 1, operator, AGENT + 1, microDollars=1_000)
            for number in range(ENTRIES)
        ]
        batch = agents.draw(relay, served, [Row(client.address, 1, 1, operator, 2_000)] * (ENTRIES // 2))
        for index, when in ((1, "first"), (2, "again")):
            reputation.giveFeedback(*FULL, sender=client)
            paid = batch.paid(index, index)
            meter(f"feedback_prove_{when}", reputation.proveFeedback, AGENT, index, paid, sender=client)
        meter("feedback_revoke_proven", reputation.revokeFeedback, AGENT, 1, sender=client)
        meter("summary_proven_of_agent", reputation.getProvenTotal, AGENT, sender=relay)


def _summaries(meter: Meter) -> None:
    reputation, client, anyone = meter.suite.reputation, meter.account("client"), meter.account("anyone")
    with meter.apart():
        for _ in range(ENTRIES):
            reputation.giveFeedback(*FULL, sender=client)
        for name, tags in (("", ("", "")), ("_of_tag", ("quality", ""))):
            meter(f"summary_{ENTRIES}_entries{name}", reputation.getSummary, AGENT, [client], *tags, sender=anyone)
    with meter.apart():
        clients = ["0x" + keccak(text=f"client {n}").hex()[:40] for n in range(ENTRIES)]
        for each in clients:
            reputation.giveFeedback(*FULL, sender=each)
        meter(f"summary_{ENTRIES}_clients", reputation.getSummary, AGENT, clients, "", "", sender=anyone)
