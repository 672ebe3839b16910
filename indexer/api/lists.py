"""Lists that all work alike: filters by columns, newest first, pages by the place where a row began. One description
gives the route, the query and the OpenAPI entry.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request

from indexer.api import parameters
from indexer.handlers.model_registry import KINDS

Schema = dict[str, Any]
Parse = Callable[[str, str], Any]

PLACE = ("block", "log_index", "time", "tx")
_STAKE = ("operator", "account")
_PROVEN = "NOT revoked AND receipt IS NOT NULL"


@dataclass(frozen=True)
class Filter:
    """A parameter and the column that must equal it. `condition` replaces the comparison; the value is its `?`."""

    name: str
    parse: Parse
    schema: Schema
    column: str
    condition: str = ""


def _address(name: str, column: str | None = None) -> Filter:
    schema = {"type": "string", "pattern": "^0x[0-9a-fA-F]{40}$"}
    return Filter(name, parameters.address, schema, column or name)


def _id(name: str, column: str) -> Filter:
    return Filter(name, parameters.integer, {"type": "integer", "minimum": 0}, column)


def _model(name: str = "model") -> Filter:
    """A model where its id is text."""
    return Filter(name, parameters.big_integer, {"type": "string", "pattern": "^[0-9]+$"}, "model_id")


def _hash(name: str, column: str) -> Filter:
    return Filter(name, parameters.word, {"type": "string", "pattern": "^0x[0-9a-f]{64}$"}, column)


def _text(name: str, column: str) -> Filter:
    return Filter(name, parameters.short_text, {"type": "string", "maxLength": parameters.MAX_TEXT}, column)


def _choice(name: str, choices: dict[str, str]) -> Filter:
    """Words that stand for a condition each."""

    def parse(name: str, given: str) -> str:
        return parameters.one_of(name, given, tuple(choices))

    cases = " ".join(f"WHEN '{word}' THEN {condition}" for word, condition in choices.items())
    return Filter(name, parse, {"enum": list(choices)}, "", f"CASE ? {cases} END")


@dataclass(frozen=True)
class List:
    """A list of a table's rows. `booleans` are columns of 0 and 1."""

    path: str
    summary: str
    table: str
    columns: tuple[str, ...]
    filters: tuple[Filter, ...] = ()
    booleans: frozenset[str] = field(default_factory=frozenset)

    def conditions(self, request: Request) -> tuple[list[str], list[Any]]:
        """SQL for what is asked, and its values. Raises `BadRequest`."""
        parameters.only(request, *(known.name for known in self.filters), "after", "limit")
        where, values = [], []
        for known in self.filters:
            given = request.query_params.get(known.name)
            if given is not None:
                where.append(known.condition or f"{known.column} = ?")
                values.append(known.parse(known.name, given))
        return where, values


def _list(path: str, summary: str, table: str, columns: str, *filters: Filter, booleans: tuple[str, ...] = ()) -> List:
    return List(path, summary, table, (*columns.split(), *PLACE), filters, frozenset(booleans))


LISTS = (
    _list(
        "/agents",
        "Agents (ERC-8004)",
        "agent",
        "id owner approved wallet uri client_count feedback_count proven_count proven_sum "
        "proven_micro_dollars request_count answer_count answer_sum",
        _address("owner"),
        _address("wallet"),
    ),
    _list(
        "/feedback",
        "Feedback on agents",
        "feedback",
        "agent_id client number value value_decimals tag1 tag2 endpoint uri content_hash revoked response_count "
        "receipt receipt_relay receipt_batch receipt_row paid_micro_dollars",
        _id("agent", "agent_id"),
        _address("client"),
        _text("tag1", "tag1"),
        _text("tag2", "tag2"),
        _choice(
            "show", {"counted": "NOT revoked", "proven": "NOT revoked AND receipt IS NOT NULL", "revoked": "revoked"}
        ),
        booleans=("revoked",),
    ),
    _list(
        "/responses",
        "Responses to feedback",
        "feedback_response",
        "agent_id client number responder uri content_hash",
        _id("agent", "agent_id"),
        _address("client"),
        _id("number", "number"),
    ),
    _list(
        "/validations",
        "What agents asked validators, and the answers",
        "validation",
        "key_hash agent_id validator request_hash request_uri response response_uri response_hash tag updated_at",
        _id("agent", "agent_id"),
        _address("validator"),
        _text("tag", "tag"),
        _choice("state", {"pending": "response IS NULL", "answered": "response IS NOT NULL"}),
    ),
    _list(
        "/tasks",
        "Tasks of agents",
        "task",
        "id agent_id parent input_hash opened_by batches steps closed_at closed_by output_hash",
        _id("agent", "agent_id"),
        _id("parent", "parent"),
        _choice("state", {"open": "closed_at IS NULL", "closed": "closed_at IS NOT NULL"}),
    ),
    _list(
        "/steps",
        "Batches of steps of tasks",
        "task_batch",
        "task_id batch merkle_root first_step steps logged_by",
        _id("task", "task_id"),
    ),
    _list(
        "/models",
        "Models",
        "model",
        "id name owner pending_owner kind listed delist_reason version",
        _address("owner"),
        Filter("q", parameters.short_text, {"type": "string"}, "name", "instr(name, ?)"),
        _choice("kind", {kind: f"kind = '{kind}'" for kind in KINDS}),
        _choice("show", {"offered": "listed AND delist_reason = 0", "all": "1"}),
        booleans=("listed",),
    ),
    _list(
        "/versions",
        "Versions of models",
        "model_version",
        "model_id version source uri cid manifest_hash parent_id parent_version task_category modality currency "
        "input_price output_price treasury_ppm stack_ppm",
        _id("model", "model_id"),
        _id("parent", "parent_id"),
    ),
    _list(
        "/operators",
        "Those who serve",
        "operator",
        "operator uri commission_bps max_commission_bps next_commission_bps effective_at locked",
    ),
    _list(
        "/positions",
        "Shares of operators' pools that don't thaw",
        "stake_position",
        "operator account shares generation tranches",
        *map(_address, _STAKE),
    ),
    _list(
        "/tranches",
        "Shares that thaw or have thawed, until they are taken out",
        "stake_tranche",
        "operator account tranche shares generation release_at",
        *map(_address, _STAKE),
    ),
    _list(
        "/stake",
        "Every coming and going of stake",
        "stake_change",
        "operator account kind shares amount receiver",
        *map(_address, _STAKE),
    ),
    _list(
        "/locks",
        "Stake that is or was locked for jobs",
        "stake_lock",
        "operator lock_id amount opened_by state",
        _address("operator"),
        _choice("state", {state: f"state = '{state}'" for state in ("open", "ended", "slashed")}),
    ),
    _list(
        "/slashes",
        "Stake that was taken",
        "slash",
        "operator lock_id challenger from_own from_delegated to_challenger burnt",
        _address("operator"),
        _address("challenger"),
    ),
    _list(
        "/rewards",
        "Rewards of operators and their delegators",
        "reward",
        "operator currency payer amount to_operator to_delegators held",
        _address("operator"),
    ),
    _list("/members", "Members by stake", "member", "account staked cooling release_at"),
    _list(
        "/memberships",
        "Every coming and going of members' stake",
        "member_change",
        "account kind amount other",
        _address("account"),
    ),
    _list("/epochs", "Challenges of idle operators", "idle_epoch", "epoch pot weight first_pot answers closes_at"),
    _list(
        "/answers",
        "Answers to challenges, and what was paid for them",
        "idle_answer",
        "epoch operator answered_by weight paid",
        _id("epoch", "epoch"),
        _address("operator"),
    ),
    _list(
        "/tills",
        "Money for a version of a model by an operator",
        "till",
        "model_id version operator currency funded swept to_treasury to_stack to_operator sweeps",
        _model(),
        _address("operator"),
    ),
    _list(
        "/fundings",
        "Money that was brought for later sweeps",
        "funding",
        "model_id version operator currency payer amount",
        _model(),
    ),
    _list(
        "/sweeps",
        "Splits of inference fees",
        "sweep",
        "model_id version operator currency amount to_treasury to_stack to_operator",
        _model(),
        _address("operator"),
    ),
    _list(
        "/claims",
        "What was claimed of what contracts owed",
        "claim",
        "contract account currency receiver amount",
        _address("account"),
    ),
    _list(
        "/grants",
        "What relays may spend of prepaid balances",
        "prepaid_grant",
        "account relay spending_limit period spent since",
        _address("account"),
        _address("relay"),
    ),
    _list(
        "/deposits",
        "Deposits into and withdrawals from prepaid balances",
        "prepaid_change",
        "account currency kind other amount",
        _address("account"),
    ),
    _list(
        "/draws",
        "Usage that relays drew for, and what was refused",
        "draw",
        "account relay model_id version operator currency micro_dollars amount refusal draw_row",
        _address("account"),
        _address("relay"),
        _model(),
    ),
    _list(
        "/receipts",
        "Roots of the receipts of relays",
        "receipt_batch",
        "relay batch root receipts paid payments currency micro_dollars amount",
        _address("relay"),
        booleans=("paid",),
    ),
    _list(
        "/channels",
        "x402 payment channels that were opened since the deployment",
        "channel",
        "channel_id payer payer_authorizer receiver receiver_authorizer token withdraw_delay salt balance claimed "
        "withdrawing withdrawing_since closed",
        _address("payer"),
        _address("receiver"),
        booleans=("closed",),
    ),
    _list(
        "/channel-changes",
        "What happened to payment channels",
        "channel_change",
        "channel_id kind sender amount",
        _hash("channel", "channel_id"),
    ),
)
