"""DatasetNFT: who made and who holds each dataset, and its versions."""

import sqlite3
from base64 import b32encode

from indexer.event import Event
from indexer.handlers.cluster_token import ZERO


def dataset_minted(db: sqlite3.Connection, event: Event) -> None:
    license_id = event["license"].rstrip(b"\0").decode("ascii", "backslashreplace")
    db.execute(
        "INSERT INTO dataset VALUES (?, NULL, ?, ?, ?, ?, 0, '', '', '', 0, 0, 0, 0, 0, ?, ?, ?)",
        (
            event["id"],
            event["creator"],
            event["creator"],
            license_id,
            event["royaltyBps"],
            event.block,
            event.time,
            event.tx,
        ),
    )


def version_added(db: sqlite3.Connection, event: Event) -> None:
    cid = "b" + b32encode(event["cid"]).decode().lower().rstrip("=")
    manifest_hash = "0x" + event["manifestHash"].hex()
    db.execute(
        "INSERT INTO version VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (event["id"], event["version"], cid, manifest_hash, event["uri"], event.block, event.time, event.tx),
    )
    db.execute(
        "UPDATE dataset SET version = ?, cid = ?, manifest_hash = ?, uri = ? WHERE id = ?",
        (event["version"], cid, manifest_hash, event["uri"], event["id"]),
    )


def metadata_uri_set(db: sqlite3.Connection, event: Event) -> None:
    db.execute("UPDATE dataset SET uri = ? WHERE id = ?", (event["uri"], event["id"]))


def transfer(db: sqlite3.Connection, event: Event) -> None:
    # The mint itself is told by DatasetMinted, which comes after its Transfer.
    if event["from"] != ZERO:
        db.execute("UPDATE dataset SET holder = ? WHERE id = ?", (event["to"], event["tokenId"]))


HANDLERS = {
    "DatasetMinted": dataset_minted,
    "VersionAdded": version_added,
    "MetadataURISet": metadata_uri_set,
    "Transfer": transfer,
}
IGNORED = {"Approval", "ApprovalForAll", "MetadataUpdate", "BatchMetadataUpdate"}
