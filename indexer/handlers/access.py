"""AccessManager and what every upgradeable contract emits: role holders and upgrades."""

import sqlite3

from indexer.event import Event


def role_granted(db: sqlite3.Connection, event: Event) -> None:
    """`since` says from when a new member counts; for an existing one, from when its new delay does."""
    db.execute(
        "INSERT INTO role_member VALUES (?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET delay = excluded.delay, since = excluded.since",
        (event["roleId"], event["account"], event["delay"], event["since"]),
    )


def role_revoked(db: sqlite3.Connection, event: Event) -> None:
    db.execute("DELETE FROM role_member WHERE role_id = ? AND account = ?", (event["roleId"], event["account"]))


def upgraded(db: sqlite3.Connection, event: Event) -> None:
    db.execute(
        "INSERT INTO upgrade VALUES (?, ?, ?, ?, ?, ?)",
        (event.block, event.log_index, event.contract, event["implementation"], event.time, event.tx),
    )


MANAGER_HANDLERS = {"RoleGranted": role_granted, "RoleRevoked": role_revoked}
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
COMMON_HANDLERS = {"Upgraded": upgraded}
COMMON_IGNORED = {"AuthorityUpdated", "Initialized"}
