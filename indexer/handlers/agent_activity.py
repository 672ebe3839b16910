"""AgentActivity: tasks of agents, and the batches of their steps."""

from indexer.event import Event
from indexer.handlers.values import hexed
from indexer.rows import Rows


def task_opened(rows: Rows, event: Event) -> None:
    rows.put(
        "task",
        id=event["task"],
        agent_id=event["agentId"],
        parent=event["parentTask"] or None,
        input_hash=hexed(event["inputHash"]),
        opened_by=event["by"],
        batches=0,
        steps="0",
        closed_at=None,
        closed_by=None,
        output_hash=None,
        **event.place,
    )


def steps_logged(rows: Rows, event: Event) -> None:
    rows.change("task", event["task"], batches=event["batch"] + 1, steps=str(event["firstStep"] + event["count"]))
    rows.put(
        "task_batch",
        task_id=event["task"],
        batch=event["batch"],
        merkle_root=hexed(event["merkleRoot"]),
        first_step=str(event["firstStep"]),
        steps=str(event["count"]),
        logged_by=event["by"],
        **event.place,
    )


def task_closed(rows: Rows, event: Event) -> None:
    rows.change(
        "task",
        event["task"],
        closed_at=event.time,
        closed_by=event["by"],
        output_hash=hexed(event["outputHash"]),
    )


HANDLERS = {"TaskOpened": task_opened, "StepsLogged": steps_logged, "TaskClosed": task_closed}
IGNORED: set[str] = set()
