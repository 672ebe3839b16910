"""From events to rows: one file a contract, one function an event.

A handler sees only the event, the rows and where the contracts are, so the same events give the same rows on every
database and every replay.
"""

from collections.abc import Callable

from indexer.event import Event
from indexer.handlers import (
    access,
    agent_activity,
    batch_settlement,
    cluster_token,
    dataset_nft,
    dataset_registry,
    identity_registry,
    idle_incentives,
    inference_settlement,
    member_staking,
    model_registry,
    operator_staking,
    payment_router,
    prepaid_balances,
    price_feeds,
    receipt_registry,
    reputation_registry,
    validation_registry,
)
from indexer.rows import Rows

Handler = Callable[[Rows, Event], None]

_UPGRADEABLE = {
    "ClusterToken": cluster_token,
    "DatasetNFT": dataset_nft,
    "DatasetRegistry": dataset_registry,
    "PaymentRouter": payment_router,
    "ReceiptRegistry": receipt_registry,
    "IdentityRegistry": identity_registry,
    "ReputationRegistry": reputation_registry,
    "ValidationRegistry": validation_registry,
    "AgentActivity": agent_activity,
    "ModelRegistry": model_registry,
    "OperatorStaking": operator_staking,
    "MemberStaking": member_staking,
    "IdleIncentives": idle_incentives,
    "InferenceSettlement": inference_settlement,
    "PriceFeeds": price_feeds,
    "PrepaidBalances": prepaid_balances,
}

HANDLERS: dict[str, dict[str, Handler]] = {
    "AccessManager": access.MANAGER_HANDLERS,
    **{name: {**module.HANDLERS, **access.COMMON_HANDLERS} for name, module in _UPGRADEABLE.items()},
    "BatchSettlement": batch_settlement.HANDLERS,
    "ClusterGovernor": access.GOVERNOR_HANDLERS,
}

# Events that change no table. Their logs are kept all the same.
IGNORED: dict[str, set[str]] = {
    "AccessManager": access.MANAGER_IGNORED,
    **{name: module.IGNORED for name, module in _UPGRADEABLE.items()},
    "BatchSettlement": batch_settlement.IGNORED,
    "ClusterGovernor": access.GOVERNOR_IGNORED,
}

# A deployment may be without them: the channels are on public chains anyhow, a governor may come later.
OPTIONAL = frozenset({"BatchSettlement", "ClusterGovernor"})
