"""AccessManager, ClusterGovernor and what every upgradeable contract emits: role members, upgrades, who is asked for
permission.
"""

from collections.abc import Callable

from indexer.event import Event
from indexer.rows import Rows


def role_granted(rows: Rows, event: Event) -> None:
    """For a new member `since` says when it begins to count; for an old one, when its new delay does."""
    role_id, account = str(event["roleId"]), event["account"]
    found = None if event["newMember"] else rows.get("role_member", role_id, account)
    rows.put(
        "role_member",
        role_id=role_id,
        account=account,
        since=found["since"] if found else event["since"],
        delay=event["delay"],
        delay_since=event["since"],
    )


def role_revoked(rows: Rows, event: Event) -> None:
    rows.remove("role_member", str(event["roleId"]), event["account"])


def upgraded(rows: Rows, event: Event) -> None:
    rows.put("upgrade", contract=event.contract, implementation=event["implementation"], **event.place)


def authority_updated(rows: Rows, event: Event) -> None:
    set_setting(rows, event, "authority", event["authority"])


def initialized(rows: Rows, event: Event) -> None:
    set_setting(rows, event, "initialized", str(event["version"]))


def set_setting(rows: Rows, event: Event, name: str, value: str) -> None:
    """A single value that governance sets on the event's contract."""
    rows.put("setting", contract=event.contract, name=name, value=value)


MANAGER_HANDLERS: dict[str, Callable[[Rows, Event], None]] = {
    "RoleGranted": role_granted,
    "RoleRevoked": role_revoked,
}
MANAGER_IGNORED = {
    "OperationCanceled",
    "OperationExecuted",
    "OperationScheduled",
    "RoleAdminChanged",
    "RoleGrantDelayChanged",
    "RoleGuardianChanged",
    "RoleLabel",
    "TargetAdminDelayUpdated",
    "TargetClosed",
    "TargetFunctionRoleUpdated",
}
COMMON_HANDLERS: dict[str, Callable[[Rows, Event], None]] = {
    "Upgraded": upgraded,
    "AuthorityUpdated": authority_updated,
    "Initialized": initialized,
}
GOVERNOR_HANDLERS: dict[str, Callable[[Rows, Event], None]] = {}
# Proposals and votes: wallets and voting pages read them from the chain by the governor's own id.
GOVERNOR_IGNORED = {
    "AccessManagerIgnoredSet",
    "BaseDelaySet",
    "EIP712DomainChanged",
    "ProposalCanceled",
    "ProposalCreated",
    "ProposalExecuted",
    "ProposalQueued",
    "ProposalThresholdSet",
    "QuorumNumeratorUpdated",
    "VoteCast",
    "VoteCastWithParams",
    "VotingDelaySet",
    "VotingPeriodSet",
}
