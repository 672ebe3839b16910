"""IdentityRegistry, ReputationRegistry, ValidationRegistry, AgentActivity."""

from collections import Counter

from eth_utils import keccak

from indexer.handlers.values import ZERO
from indexer.summary import summary
from indexer.views.question import Known, Questions, ask, is_exact, raw

IDENTITY, REPUTATION, VALIDATION = "IdentityRegistry", "ReputationRegistry", "ValidationRegistry"
ACTIVITY = "AgentActivity"
NO_HASH = bytes(32)


def questions(known: Known) -> Questions:
    """All of them."""
    yield from _identities(known)
    yield from _feedback(known)
    yield from _validations(known)
    yield from _tasks(known)


def _identities(known: Known) -> Questions:
    agents = known.rows("SELECT id, owner, approved, wallet, uri FROM agent")
    yield ask(IDENTITY, "totalRegistered", (), len(agents))
    for id_, owner, approved, wallet, uri in agents:
        yield ask(IDENTITY, "ownerOf", (id_,), owner)
        yield ask(IDENTITY, "getApproved", (id_,), approved or ZERO)
        yield ask(IDENTITY, "getAgentWallet", (id_,), wallet or ZERO)
        yield ask(IDENTITY, "tokenURI", (id_,), uri)
    for owner, count in known.rows("SELECT owner, count(*) FROM agent GROUP BY owner"):
        yield ask(IDENTITY, "balanceOf", (owner,), count)
    for owner, operator in known.rows("SELECT owner, operator FROM agent_operator"):
        yield ask(IDENTITY, "isApprovedForAll", (owner, operator), True)
    for id_, hash_, name, value in known.rows("SELECT agent_id, name_hash, name, value FROM agent_metadata"):
        if keccak(text=name) == raw(hash_):
            yield ask(IDENTITY, "getMetadata", (id_, name), raw(value))


def _feedback(known: Known) -> Questions:
    for (id_,) in known.rows("SELECT id FROM agent"):
        clients = known.rows("SELECT client FROM agent_client WHERE agent_id = ? ORDER BY position", id_)
        yield ask(REPUTATION, "getClientCount", (id_,), len(clients))
        yield ask(REPUTATION, "getClients", (id_,), tuple(client for (client,) in clients))
    for id_, client, given, counted, value_sum in known.rows(
        "SELECT agent_id, client, given, counted, value_sum FROM agent_client"
    ):
        yield ask(REPUTATION, "getLastIndex", (id_, client), given)
        found = _summary_of(known, "agent_id = ? AND client = ?", id_, client)
        yield ask(REPUTATION, "getSummary", (id_, [client], "", ""), *summary((), counted, int(value_sum), found[2]))
    yield from _proven(known)
    for id_, client, number, value, decimals, tag1, tag2, revoked, responses in known.rows(
        "SELECT agent_id, client, number, value, value_decimals, tag1, tag2, revoked, response_count FROM feedback"
    ):
        read = (int(value), decimals, tag1, tag2, bool(revoked))
        yield ask(REPUTATION, "readFeedback", (id_, client, number), *read)
        yield ask(REPUTATION, "getResponseCount", (id_, client, number, []), responses)


def _proven(known: Known) -> Questions:
    for id_, count, total, micro_dollars in known.rows(
        "SELECT id, proven_count, proven_sum, proven_micro_dollars FROM agent"
    ):
        decimals = _summary_of(known, "agent_id = ? AND receipt IS NOT NULL", id_)[2]
        mean = summary((), count, int(total), decimals)
        yield ask(REPUTATION, "getProvenTotal", (id_,), *mean, int(micro_dollars))
    for id_, client in known.rows("SELECT agent_id, client FROM agent_client"):
        found = _summary_of(known, "agent_id = ? AND client = ? AND receipt IS NOT NULL", id_, client)
        yield ask(REPUTATION, "getProvenSummary", (id_, [client], "", ""), *found)
    used: Counter[tuple[str, int, int]] = Counter()
    for receipt, *row, micro_dollars in known.rows(
        "SELECT receipt, receipt_relay, receipt_batch, receipt_row, paid_micro_dollars FROM feedback "
        "WHERE receipt IS NOT NULL"
    ):
        used[tuple(row)] += int(micro_dollars)
        yield ask(REPUTATION, "isReceiptUsed", (raw(receipt),), True)
    for place, micro_dollars in used.items():
        yield ask(REPUTATION, "getUsedPayment", place, micro_dollars)


def _summary_of(known: Known, where: str, *values: object) -> tuple[int, int, int]:
    found = known.rows(f"SELECT value, value_decimals FROM feedback WHERE NOT revoked AND {where}", *values)  # noqa: S608 - names of our own
    return summary((int(value), decimals) for value, decimals in found)


def _validations(known: Known) -> Questions:
    for id_, requests, answers, answer_sum in known.rows(
        "SELECT id, request_count, answer_count, answer_sum FROM agent"
    ):
        keys = known.rows("SELECT key_hash FROM validation WHERE agent_id = ? ORDER BY block, log_index", id_)
        yield ask(VALIDATION, "getAgentValidations", (id_,), tuple(raw(key) for (key,) in keys))
        yield ask(VALIDATION, "getAgentValidationCount", (id_,), requests)
        yield ask(VALIDATION, "getSummary", (id_, [], ""), answers, answer_sum // answers if answers else 0)
    for (validator,) in known.rows("SELECT DISTINCT validator FROM validation"):
        keys = known.rows("SELECT key_hash FROM validation WHERE validator = ? ORDER BY block, log_index", validator)
        yield ask(VALIDATION, "getValidatorRequests", (validator,), tuple(raw(key) for (key,) in keys))
    for key, agent_id, validator, request_hash, response, response_hash, tag, updated_at in known.rows(
        "SELECT key_hash, agent_id, validator, request_hash, response, response_hash, tag, updated_at FROM validation"
    ):
        answer_hash = NO_HASH if response_hash is None else raw(response_hash)
        status = (validator, agent_id, response or 0, answer_hash, tag or "", updated_at)
        yield ask(VALIDATION, "getValidationStatus", (raw(key),), *status)
        yield ask(VALIDATION, "isPending", (raw(key),), response is None)
        yield ask(VALIDATION, "keyOf", (agent_id, validator, raw(request_hash)), raw(key))
        if tag and is_exact(tag):
            same = known.rows("SELECT response FROM validation WHERE agent_id = ? AND tag = ?", agent_id, tag)
            mean = sum(answer for (answer,) in same) // len(same)
            yield ask(VALIDATION, "getSummary", (agent_id, [], tag), len(same), mean)


def _tasks(known: Known) -> Questions:
    tasks = known.rows(
        "SELECT id, agent_id, parent, time, closed_at, batches, steps, input_hash, output_hash FROM task"
    )
    yield ask(ACTIVITY, "taskCount", (), len(tasks))
    for id_, agent_id, parent, opened_at, closed_at, batches, steps, input_hash, output_hash in tasks:
        times = (opened_at, closed_at or 0)
        hashes = (raw(input_hash), NO_HASH if output_hash is None else raw(output_hash))
        yield ask(ACTIVITY, "taskOf", (id_,), (agent_id, parent or 0, *times, batches, int(steps), *hashes))
    for id_, batch, root, first_step, steps, logged_at in known.rows(
        "SELECT task_id, batch, merkle_root, first_step, steps, time FROM task_batch"
    ):
        yield ask(ACTIVITY, "batchOf", (id_, batch), (raw(root), int(first_step), int(steps), logged_at))
