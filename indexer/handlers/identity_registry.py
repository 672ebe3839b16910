"""IdentityRegistry: agents, who owns and who pays for them, what they say of themselves."""

from eth_utils import to_checksum_address

from indexer.event import Event
from indexer.handlers.values import ZERO, hexed, known
from indexer.rows import Rows

WALLET = "agentWallet"


def registered(rows: Rows, event: Event) -> None:
    """Its wallet is told next."""
    rows.put(
        "agent",
        id=event["agentId"],
        owner=event["owner"],
        approved=None,
        wallet=None,
        uri=event["agentURI"],
        client_count=0,
        feedback_count=0,
        proven_count=0,
        proven_sum="0",
        proven_micro_dollars="0",
        request_count=0,
        answer_count=0,
        answer_sum=0,
        **event.place,
    )


def metadata_set(rows: Rows, event: Event) -> None:
    """The wallet comes as metadata too, under a name that nothing else can have."""
    agent_id, value = event["agentId"], event["metadataValue"]
    if event["metadataKey"] == WALLET:
        rows.change("agent", agent_id, wallet=to_checksum_address(value) if value else None)
        return
    rows.put(
        "agent_metadata",
        agent_id=agent_id,
        name_hash=hexed(event["indexedMetadataKey"]),
        name=event["metadataKey"],
        value=hexed(value),
    )


def uri_updated(rows: Rows, event: Event) -> None:
    rows.change("agent", event["agentId"], uri=event["newURI"])


def transfer(rows: Rows, event: Event) -> None:
    """The mint itself is told by Registered, which comes after its Transfer. A transfer ends an approval."""
    if event["from"] != ZERO:
        rows.change("agent", event["tokenId"], owner=event["to"], approved=None)


def approval(rows: Rows, event: Event) -> None:
    rows.change("agent", event["tokenId"], approved=known(event["approved"]))


def approval_for_all(rows: Rows, event: Event) -> None:
    if event["approved"]:
        rows.put("agent_operator", owner=event["owner"], operator=event["operator"])
    else:
        rows.remove("agent_operator", event["owner"], event["operator"])


HANDLERS = {
    "Registered": registered,
    "MetadataSet": metadata_set,
    "URIUpdated": uri_updated,
    "Transfer": transfer,
    "Approval": approval,
    "ApprovalForAll": approval_for_all,
}
IGNORED = {"MetadataUpdate", "BatchMetadataUpdate", "EIP712DomainChanged"}
