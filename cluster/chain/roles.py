"""Who may do what: roles of the AccessManager, their delays, and the functions they open.

The one table that deployment, check and tests share. Delays are in seconds.
"""

from dataclasses import dataclass

DAY = 86_400
TWO_DAYS = 2 * DAY


@dataclass(frozen=True)
class Role:
    """A role. `delay` is how long a call by its holder waits between being scheduled and being executed; holders of
    the role named `guardian` may cancel it meanwhile. `contract` names the one that holds it; others are held by
    accounts.
    """

    id: int
    name: str
    delay: int
    guardian: str | None = None
    contract: str | None = None


ADMIN = Role(0, "ADMIN", TWO_DAYS)
UPGRADER = Role(1, "UPGRADER", TWO_DAYS, guardian="GUARDIAN")
PARAMETERS = Role(2, "PARAMETERS", TWO_DAYS, guardian="GUARDIAN")
PAUSER = Role(3, "PAUSER", 0)
MODERATOR = Role(4, "MODERATOR", 0)
GUARDIAN = Role(5, "GUARDIAN", 0)
REGISTRY = Role(6, "REGISTRY", 0, contract="DatasetRegistry")
STAKE_KEEPER = Role(7, "STAKE_KEEPER", 0, contract="JobMarket")
DRAWER = Role(8, "DRAWER", 0, contract="PrepaidBalances")
PROBER = Role(9, "PROBER", 0)

ROLES = (ADMIN, UPGRADER, PARAMETERS, PAUSER, MODERATOR, GUARDIAN, REGISTRY, STAKE_KEEPER, DRAWER, PROBER)

_UPGRADE: dict[Role, tuple[str, ...]] = {UPGRADER: ("upgradeToAndCall",)}
_PAUSE: dict[Role, tuple[str, ...]] = {PAUSER: ("pause", "unpause")}

# contract → role → functions it opens. A restricted function that is not here is the admin's alone.
FUNCTIONS: dict[str, dict[Role, tuple[str, ...]]] = {
    "ClusterToken": _UPGRADE,
    "DatasetNFT": {**_UPGRADE, REGISTRY: ("mint", "addVersion", "setMetadataURI")},
    "DatasetRegistry": {**_UPGRADE, PARAMETERS: ("setPaymentRouter",), MODERATOR: ("delist", "reinstate")},
    "PaymentRouter": {**_UPGRADE, PARAMETERS: ("setTreasury", "setCurrency", "rescueSurplus"), **_PAUSE},
    "ReceiptRegistry": {**_UPGRADE, DRAWER: ("anchorPaid",)},
    "IdentityRegistry": _UPGRADE,
    "ReputationRegistry": _UPGRADE,
    "ValidationRegistry": _UPGRADE,
    "AgentActivity": _UPGRADE,
    "ModelRegistry": {**_UPGRADE, PARAMETERS: ("setFigures",), MODERATOR: ("delist", "reinstate")},
    "OperatorStaking": {
        **_UPGRADE,
        PARAMETERS: ("setMinOwnStake", "rescueSurplus"),
        **_PAUSE,
        STAKE_KEEPER: ("lock", "lockDisputed", "unlock", "slash"),
    },
    "MemberStaking": {**_UPGRADE, PARAMETERS: ("setTiers", "setCooldown", "rescueSurplus"), **_PAUSE},
    "IdleIncentives": {
        **_UPGRADE,
        PARAMETERS: ("setRate", "setClassWeight", "rescueSurplus"),
        **_PAUSE,
        MODERATOR: ("setCapacityClass",),
        PROBER: ("openChallenge",),
    },
    "InferenceSettlement": {**_UPGRADE, PARAMETERS: ("setTreasury", "rescueSurplus")},
    "PriceFeeds": {**_UPGRADE, PARAMETERS: ("setFeed", "setSequencerFeed")},
    "PrepaidBalances": {**_UPGRADE, **_PAUSE},
}
