"""DatasetNFT: who made and who holds each dataset, and its versions."""

from indexer.event import Event
from indexer.handlers.values import ZERO, cid_text, hexed, known, word
from indexer.rows import Rows


def dataset_minted(rows: Rows, event: Event) -> None:
    rows.put(
        "dataset",
        id=event["id"],
        slug=None,
        creator=event["creator"],
        holder=event["creator"],
        approved=None,
        license=word(event["license"]),
        royalty_bps=event["royaltyBps"],
        version=0,
        cid="",
        manifest_hash="",
        uri="",
        free=0,
        listed=0,
        delist_reason=0,
        rating_sum=0,
        rating_count=0,
        purchase_count=0,
        block=event.block,
        time=event.time,
        tx=event.tx,
    )


def version_added(rows: Rows, event: Event) -> None:
    content = {
        "version": event["version"],
        "cid": cid_text(event["cid"]),
        "manifest_hash": hexed(event["manifestHash"]),
        "uri": event["uri"],
    }
    rows.put("version", dataset_id=event["id"], **content, block=event.block, time=event.time, tx=event.tx)
    rows.change("dataset", event["id"], **content)


def metadata_uri_set(rows: Rows, event: Event) -> None:
    rows.change("dataset", event["id"], uri=event["uri"])


def transfer(rows: Rows, event: Event) -> None:
    """The mint itself is told by DatasetMinted, which comes after its Transfer. A transfer ends an
    approval.
    """
    if event["from"] != ZERO:
        rows.change("dataset", event["tokenId"], holder=event["to"], approved=None)


def approval(rows: Rows, event: Event) -> None:
    rows.change("dataset", event["tokenId"], approved=known(event["approved"]))


def approval_for_all(rows: Rows, event: Event) -> None:
    if event["approved"]:
        rows.put("dataset_operator", holder=event["owner"], operator=event["operator"])
    else:
        rows.remove("dataset_operator", event["owner"], event["operator"])


HANDLERS = {
    "DatasetMinted": dataset_minted,
    "VersionAdded": version_added,
    "MetadataURISet": metadata_uri_set,
    "Transfer": transfer,
    "Approval": approval,
    "ApprovalForAll": approval_for_all,
}
IGNORED = {"MetadataUpdate", "BatchMetadataUpdate"}
