"""ValidationRegistry: what agents asked validators, and their answers."""

from indexer.event import Event
from indexer.handlers.values import hexed
from indexer.rows import Rows


def request_scoped(rows: Rows, event: Event) -> None:
    """Comes before the request that it is about."""
    rows.put("scoped_request", key_hash=hexed(event["key"]), request_hash=hexed(event["requestHash"]))


def validation_request(rows: Rows, event: Event) -> None:
    key, agent_id = hexed(event["requestHash"]), event["agentId"]
    agent, scoped = rows.get("agent", agent_id), rows.get("scoped_request", key)
    if agent is None:
        raise LookupError(f"a request of agent {agent_id}, which was never registered")
    rows.put(
        "validation",
        key_hash=key,
        agent_id=agent_id,
        validator=event["validatorAddress"],
        request_hash=scoped["request_hash"] if scoped else key,
        request_uri=event["requestURI"],
        response=None,
        response_uri=None,
        response_hash=None,
        tag=None,
        updated_at=event.time,
        **event.place,
    )
    rows.change("agent", agent_id, request_count=agent["request_count"] + 1)


def validation_response(rows: Rows, event: Event) -> None:
    key, agent_id = hexed(event["requestHash"]), event["agentId"]
    validation, agent = rows.get("validation", key), rows.get("agent", agent_id)
    if validation is None or agent is None:
        raise LookupError(f"an answer to request {key}, which was never made")
    before = validation["response"]
    rows.change(
        "agent",
        agent_id,
        answer_count=agent["answer_count"] + (before is None),
        answer_sum=agent["answer_sum"] + event["response"] - (before or 0),
    )
    rows.change(
        "validation",
        key,
        response=event["response"],
        response_uri=event["responseURI"],
        response_hash=hexed(event["responseHash"]),
        tag=event["tag"],
        updated_at=event.time,
    )


HANDLERS = {
    "RequestScoped": request_scoped,
    "ValidationRequest": validation_request,
    "ValidationResponse": validation_response,
}
IGNORED: set[str] = set()
