"""ClusterToken: balances, votes, and what became of each EIP-3009 nonce."""

from indexer.event import Event
from indexer.handlers.values import ZERO
from indexer.rows import Rows


def transfer(rows: Rows, event: Event) -> None:
    for account, amount in ((event["from"], -event["value"]), (event["to"], event["value"])):
        if account != ZERO:
            found = rows.get("token_balance", account)
            rows.put("token_balance", account=account, amount=str(int(found["amount"] if found else 0) + amount))


def authorization_used(rows: Rows, event: Event) -> None:
    _authorization(rows, event, "used")


def authorization_canceled(rows: Rows, event: Event) -> None:
    _authorization(rows, event, "canceled")


def _authorization(rows: Rows, event: Event, state: str) -> None:
    nonce = "0x" + event["nonce"].hex()
    rows.put("token_authorization", authorizer=event["authorizer"], nonce=nonce, state=state)


def delegate_changed(rows: Rows, event: Event) -> None:
    rows.put("token_delegate", account=event["delegator"], delegate=event["toDelegate"])


def delegate_votes_changed(rows: Rows, event: Event) -> None:
    rows.put("token_votes", account=event["delegate"], amount=str(event["newVotes"]))


HANDLERS = {
    "Transfer": transfer,
    "AuthorizationUsed": authorization_used,
    "AuthorizationCanceled": authorization_canceled,
    "DelegateChanged": delegate_changed,
    "DelegateVotesChanged": delegate_votes_changed,
}
# Allowances can't be told from events: spending one emits none.
IGNORED = {"Approval", "EIP712DomainChanged"}
