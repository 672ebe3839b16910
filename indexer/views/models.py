"""ModelRegistry."""

from indexer.handlers.model_registry import BENEFICIARIES, FIGURES, KINDS, MODALITIES
from indexer.handlers.values import ZERO
from indexer.views.question import Known, Questions, ask, content_of, padded

MODELS = "ModelRegistry"
UNITS = (7, 1_000_003)
PRICED_UNITS = 1_000_000


def questions(known: Known) -> Questions:
    """All of them."""
    figures = tuple(int(known.setting(MODELS, name)) for name in FIGURES)
    yield ask(MODELS, "figures", (), figures)
    yield from _models(known)
    yield from _versions(known)


def _models(known: Known) -> Questions:
    models = known.rows("SELECT id, name, owner, kind, listed, delist_reason, version, pending_owner, time FROM model")
    yield ask(MODELS, "totalModels", (), len(models))
    for id_, name, owner, kind, listed, reason, version, pending, time in models:
        model = (owner, KINDS.index(kind), bool(listed), reason, version, pending or ZERO, time)
        yield ask(MODELS, "modelOf", (id_,), model)
        yield ask(MODELS, "nameOf", (id_,), name)
        yield ask(MODELS, "modelIdOf", (name,), id_)
        yield ask(MODELS, "isOnOffer", (id_,), bool(listed) and reason == 0)
    for namespace, holder in known.rows("SELECT namespace, holder FROM model_namespace"):
        yield ask(MODELS, "holderOfNamespace", (namespace,), holder)


def _versions(known: Known) -> Questions:
    for id_, version, source, uri, cid, manifest_hash, parent, parent_version, *rest, time in known.rows(
        "SELECT model_id, version, source, uri, cid, manifest_hash, parent_id, parent_version, task_category, "
        "modality, currency, input_price, output_price, treasury_ppm, stack_ppm, time FROM model_version"
    ):
        category, modality, currency, price_in, price_out, treasury_ppm, stack_ppm = rest
        prices = (int(price_in), int(price_out))
        weights, word = content_of(cid, manifest_hash), padded(category)
        of = (parent_version or 0, MODALITIES.index(modality), source, time)
        if word is not None:
            told = (uri, weights, parent or 0, word, prices, currency, *of)
            yield ask(MODELS, "versionOf", (id_, version), told)
        total = sum(price * units for price, units in zip(prices, UNITS, strict=True))
        yield ask(MODELS, "feeOf", (id_, version, *UNITS), currency, -(-total // PRICED_UNITS))
        datasets = known.rows(
            "SELECT dataset_id, weight FROM model_dataset WHERE model_id = ? AND version = ? ORDER BY dataset_id",
            id_,
            source,
        )
        yield ask(MODELS, "datasetsOf", (id_, version), tuple(datasets))
        shares = known.rows(
            "SELECT beneficiary, beneficiary_id, ppm, coalesce(model.owner, dataset.holder) FROM model_share "
            "LEFT JOIN model ON beneficiary = 'model' AND model.id = beneficiary_id "
            "LEFT JOIN dataset ON beneficiary = 'dataset' AND dataset.id = beneficiary_id "
            "WHERE model_id = ? AND model_share.version = ? ORDER BY position",
            id_,
            source,
        )
        stack = tuple((BENEFICIARIES.index(kind), whose, ppm) for kind, whose, ppm, _ in shares)
        yield ask(MODELS, "stackOf", (id_, version), (treasury_ppm, stack_ppm, stack))
        payees, ppm = tuple(account for *_, account in shares), tuple(ppm for _, _, ppm, _ in shares)
        yield ask(MODELS, "payeesOf", (id_, version), treasury_ppm, stack_ppm, payees, ppm)
