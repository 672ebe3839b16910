"""ModelRegistry: models, their versions with prices, datasets and stacks."""

from typing import Any

from indexer.event import Event
from indexer.handlers.access import set_setting
from indexer.handlers.values import cid_text, hexed, known, word
from indexer.rows import Rows

# As the contract numbers them.
KINDS = ("base", "hosted", "derived")
MODALITIES = ("chat", "embeddings", "images", "speech", "transcription", "rerank")
BENEFICIARIES = ("model", "dataset")
FIGURES = ("treasury_ppm", "stack_ppm", "datasets_ppm", "owner_ppm", "parent_ppm")


def model_registered(rows: Rows, event: Event) -> None:
    """Its first version is told next."""
    rows.put(
        "model",
        id=event["modelId"],
        name=event["name"],
        owner=event["owner"],
        pending_owner=None,
        kind=KINDS[event["kind"]],
        listed=1,
        delist_reason=0,
        version=0,
        **event.place,
    )


def namespace_held(rows: Rows, event: Event) -> None:
    rows.put("model_namespace", namespace=event["namespace"], holder=event["holder"])


def version_added(rows: Rows, event: Event) -> None:
    model_id, version = event["modelId"], event["version"]
    uri, (cid, manifest_hash), datasets, parent, category, prices, currency, parent_version, modality = event["content"]
    treasury_ppm, stack_ppm, shares = event["stack"]
    _put_version(
        rows,
        event,
        source=version,
        uri=uri,
        cid=cid_text(cid),
        manifest_hash=hexed(manifest_hash) if cid else "",
        parent_id=parent or None,
        parent_version=parent_version or None,
        task_category=word(category),
        modality=MODALITIES[modality],
        currency=currency,
        input_price=str(prices[0]),
        output_price=str(prices[1]),
        treasury_ppm=treasury_ppm,
        stack_ppm=stack_ppm,
    )
    for dataset_id, weight in datasets:
        rows.put("model_dataset", model_id=model_id, version=version, dataset_id=dataset_id, weight=weight)
    for position, (beneficiary, id_, ppm) in enumerate(shares):
        rows.put(
            "model_share",
            model_id=model_id,
            version=version,
            position=position,
            beneficiary=BENEFICIARIES[beneficiary],
            beneficiary_id=id_,
            ppm=ppm,
        )


def version_repriced(rows: Rows, event: Event) -> None:
    """The same weights, provenance and stack at another price."""
    source = rows.get("model_version", event["modelId"], event["source"])
    if source is None:
        raise LookupError(f"version {event['source']} of model {event['modelId']} is repriced and was never added")
    prices = {"input_price": str(event["prices"][0]), "output_price": str(event["prices"][1])}
    own = ("model_id", "version", "block", "log_index", "time", "tx")
    kept = {name: value for name, value in source.items() if name not in own}
    _put_version(rows, event, **{**kept, "currency": event["currency"], **prices})


def _put_version(rows: Rows, event: Event, **columns: Any) -> None:
    rows.put("model_version", model_id=event["modelId"], version=event["version"], **columns, **event.place)
    rows.change("model", event["modelId"], version=event["version"])


def ownership_offered(rows: Rows, event: Event) -> None:
    rows.change("model", event["modelId"], pending_owner=known(event["pendingOwner"]))


def ownership_transferred(rows: Rows, event: Event) -> None:
    rows.change("model", event["modelId"], owner=event["owner"], pending_owner=None)


def listed_set(rows: Rows, event: Event) -> None:
    rows.change("model", event["modelId"], listed=int(event["listed"]))


def model_delisted(rows: Rows, event: Event) -> None:
    rows.change("model", event["modelId"], delist_reason=event["reason"])


def model_reinstated(rows: Rows, event: Event) -> None:
    rows.change("model", event["modelId"], delist_reason=0)


def figures_set(rows: Rows, event: Event) -> None:
    for name, ppm in zip(FIGURES, event["figures"], strict=True):
        set_setting(rows, event, name, str(ppm))


HANDLERS = {
    "ModelRegistered": model_registered,
    "NamespaceHeld": namespace_held,
    "VersionAdded": version_added,
    "VersionRepriced": version_repriced,
    "OwnershipOffered": ownership_offered,
    "OwnershipTransferred": ownership_transferred,
    "ListedSet": listed_set,
    "ModelDelisted": model_delisted,
    "ModelReinstated": model_reinstated,
    "FiguresSet": figures_set,
}
IGNORED: set[str] = set()
