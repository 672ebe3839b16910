"""ReputationRegistry: feedback of clients on agents, and responses to it."""

from indexer.event import Event
from indexer.handlers.values import add, hexed
from indexer.rows import Rows

DECIMALS = 18


def scaled(value: int, decimals: int) -> int:
    """A value at 18 decimals."""
    return value * 10 ** (DECIMALS - decimals)  # type: ignore[no-any-return]


def new_feedback(rows: Rows, event: Event) -> None:
    agent_id, client, value = event["agentId"], event["clientAddress"], event["value"]
    agent = rows.get("agent", agent_id)
    if agent is None:
        raise LookupError(f"feedback on agent {agent_id}, which was never registered")
    found = rows.get("agent_client", agent_id, client)
    if found is None:
        found = {"position": agent["client_count"], "counted": 0, "value_sum": "0"}
        rows.change("agent", agent_id, client_count=agent["client_count"] + 1)
    rows.put(
        "agent_client",
        agent_id=agent_id,
        client=client,
        position=found["position"],
        given=event["feedbackIndex"],
        counted=found["counted"] + 1,
        value_sum=str(int(found["value_sum"]) + scaled(value, event["valueDecimals"])),
    )
    rows.change("agent", agent_id, feedback_count=agent["feedback_count"] + 1)
    rows.put(
        "feedback",
        agent_id=agent_id,
        client=client,
        number=event["feedbackIndex"],
        value=str(value),
        value_decimals=event["valueDecimals"],
        tag1=event["tag1"],
        tag2=event["tag2"],
        endpoint=event["endpoint"],
        uri=event["feedbackURI"],
        content_hash=hexed(event["feedbackHash"]),
        revoked=0,
        response_count=0,
        receipt=None,
        receipt_relay=None,
        receipt_batch=None,
        receipt_row=None,
        paid_micro_dollars=None,
        **event.place,
    )


def feedback_revoked(rows: Rows, event: Event) -> None:
    agent_id, client, number = event["agentId"], event["clientAddress"], event["feedbackIndex"]
    feedback, by = rows.get("feedback", agent_id, client, number), rows.get("agent_client", agent_id, client)
    if feedback is None or by is None:
        raise LookupError(f"feedback {number} of {client} on agent {agent_id} is revoked and was never given")
    value = scaled(int(feedback["value"]), feedback["value_decimals"])
    rows.change("feedback", agent_id, client, number, revoked=1)
    if feedback["receipt"] is not None:
        _count_proven(rows, agent_id, -1, -value, -int(feedback["paid_micro_dollars"]))
    rows.change(
        "agent_client",
        agent_id,
        client,
        counted=by["counted"] - 1,
        value_sum=str(int(by["value_sum"]) - value),
    )


def feedback_proven(rows: Rows, event: Event) -> None:
    key = event["agentId"], event["clientAddress"], event["feedbackIndex"]
    feedback = rows.get("feedback", *key)
    if feedback is None:
        raise LookupError(f"feedback {key} is proven and was never given")
    rows.change(
        "feedback",
        *key,
        receipt=hexed(event["receipt"]),
        receipt_relay=event["relay"],
        receipt_batch=event["batch"],
        receipt_row=event["row"],
        paid_micro_dollars=str(event["microDollars"]),
    )
    value = scaled(int(feedback["value"]), feedback["value_decimals"])
    _count_proven(rows, event["agentId"], 1, value, event["microDollars"])


def _count_proven(rows: Rows, agent_id: int, count: int, value: int, micro_dollars: int) -> None:
    agent = add(rows, "agent", agent_id, proven_sum=value, proven_micro_dollars=micro_dollars)
    rows.change("agent", agent_id, proven_count=agent["proven_count"] + count)


def response_appended(rows: Rows, event: Event) -> None:
    key = event["agentId"], event["clientAddress"], event["feedbackIndex"]
    feedback = rows.get("feedback", *key)
    if feedback is None:
        raise LookupError(f"a response to feedback {key}, which was never given")
    rows.change("feedback", *key, response_count=feedback["response_count"] + 1)
    rows.put(
        "feedback_response",
        agent_id=event["agentId"],
        client=event["clientAddress"],
        number=event["feedbackIndex"],
        responder=event["responder"],
        uri=event["responseURI"],
        content_hash=hexed(event["responseHash"]),
        **event.place,
    )


HANDLERS = {
    "NewFeedback": new_feedback,
    "FeedbackRevoked": feedback_revoked,
    "FeedbackProven": feedback_proven,
    "ResponseAppended": response_appended,
}
IGNORED: set[str] = set()
