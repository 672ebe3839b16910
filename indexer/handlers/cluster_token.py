"""ClusterToken: balances, and what became of each EIP-3009 nonce."""

import sqlite3

from indexer.event import Event
from indexer.handlers.amounts import add

ZERO = "0x0000000000000000000000000000000000000000"


def transfer(db: sqlite3.Connection, event: Event) -> None:
    for account, amount in ((event["from"], -event["value"]), (event["to"], event["value"])):
        if account != ZERO:
            add(db, "token_balance", {"account": account}, "amount", amount)


def authorization_used(db: sqlite3.Connection, event: Event) -> None:
    _authorization(db, event, "used")


def authorization_canceled(db: sqlite3.Connection, event: Event) -> None:
    _authorization(db, event, "canceled")


def _authorization(db: sqlite3.Connection, event: Event, state: str) -> None:
    nonce = "0x" + event["nonce"].hex()
    db.execute("INSERT INTO token_authorization VALUES (?, ?, ?)", (event["authorizer"], nonce, state))


HANDLERS = {
    "Transfer": transfer,
    "AuthorizationUsed": authorization_used,
    "AuthorizationCanceled": authorization_canceled,
}
IGNORED = {"Approval", "DelegateChanged", "DelegateVotesChanged", "EIP712DomainChanged"}
