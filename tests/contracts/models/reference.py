"""What the model registry promises, in plain Python, written from its interface's documentation.

An action changes the state, or is `Refused` with the error, in which case nothing changed. Accounts are checksummed
addresses, versions are the tuples of the interface's structs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import ceil, floor
from string import ascii_lowercase, digits
from typing import Any

NOBODY = "0x0000000000000000000000000000000000000000"
PPM = 1_000_000
MAX_ROWS = 16
MAX_WEIGHT = 1_000
BASE, HOSTED, DERIVED = range(3)
OWNER, HOLDER = range(2)
METERS_OUTPUT = {0, 2, 5}
ALPHANUMERIC = set(ascii_lowercase + digits)

Beneficiary = tuple[int, int]
Row = tuple[int, int, int]
Figures = tuple[int, int, int, int, int]


class Refused(Exception):
    """The action must revert with this error and these values."""

    def __init__(self, name: str, *values: Any) -> None:
        super().__init__(f"{name}{values}")
        self.name = name
        self.values = values


# --- attribution


def shares(
    model: int, uses: list[tuple[int, int]], parent: Mapping[Beneficiary, Fraction], figures: Figures
) -> dict[Beneficiary, Fraction]:
    """Exact shares of a stack, in the order of its rows: owner, datasets, the parent's."""
    _, _, for_datasets, for_owner, for_parent = figures
    found = {(OWNER, model): Fraction(for_owner, PPM)}

    def give(to: Beneficiary, share: Fraction) -> None:
        found[to] = found.get(to, Fraction(0)) + share

    if not uses:
        give((OWNER, model), Fraction(for_datasets, PPM))
    if not parent:
        give((OWNER, model), Fraction(for_parent, PPM))
    total = sum(weight for _, weight in uses)
    for dataset, weight in uses:
        give((HOLDER, dataset), Fraction(for_datasets, PPM) * Fraction(weight, total))
    for beneficiary, share in parent.items():
        give(beneficiary, Fraction(for_parent, PPM) * share)
    return found


def rows_of(exact: Mapping[Beneficiary, Fraction]) -> list[Row]:
    """Rounded by the running sum; a row of 0 ppm is dropped."""
    rows, running = [], Fraction(0)
    for (beneficiary, id_), share in exact.items():
        before, running = running, running + share
        ppm = floor(running * PPM) - floor(before * PPM)
        if ppm:
            rows.append((beneficiary, id_, ppm))
    if len(rows) > MAX_ROWS:
        raise Refused("TooManyRows", len(rows), MAX_ROWS)
    return rows


def flatten(model: int, uses: list[tuple[int, int]], parent: list[Row], figures: Figures) -> list[Row]:
    """Rows of a new stack."""
    return rows_of(shares(model, uses, {(kind, id_): Fraction(ppm, PPM) for kind, id_, ppm in parent}, figures))


# --- the registry


@dataclass
class Dataset:
    """What decides about access to a dataset."""

    holder: str
    free: bool
    listed: bool = True
    delisted: bool = False
    buyers: set[str] = field(default_factory=set)

    def open_to(self, account: str) -> bool:
        return account == self.holder or account in self.buyers or (self.free and self.listed and not self.delisted)


@dataclass(frozen=True)
class Content:
    """A version as it is handed in."""

    uri: str
    weights: tuple[bytes, bytes]
    datasets: tuple[tuple[int, int], ...]
    parent: tuple[int, int]
    category: bytes
    prices: tuple[int, int]
    currency: str
    modality: int


@dataclass(frozen=True)
class Version:
    content: Content
    stack: tuple[int, int, tuple[Row, ...]]
    source: int
    added_at: int


@dataclass
class Model:
    name: str
    kind: int
    owner: str
    registered_at: int
    listed: bool = True
    reason: int = 0
    pending: str = NOBODY
    versions: list[Version] = field(default_factory=list)

    def struct(self) -> tuple[Any, ...]:
        """As `modelOf` tells it."""
        latest = len(self.versions)
        return (self.owner, self.kind, self.listed, self.reason, latest, self.pending, self.registered_at)


class Registry:
    """Models by id, and what they depend on: datasets, currencies, the time."""

    def __init__(self, figures: Figures, currencies: set[str], now: Callable[[], int]) -> None:
        self.figures = figures
        self.currencies = currencies
        self.now = now
        self.datasets: dict[int, Dataset] = {}
        self.models: dict[int, Model] = {}
        self.namespaces: dict[str, str] = {}

    # --- actions

    def register(self, caller: str, name: str, kind: int, content: Content) -> int:
        parts = name.split("/")
        if len(parts) != 2 or not all(map(self._is_part, parts)):
            raise Refused("InvalidName", name)
        taken = self.id_of(name)
        if taken:
            raise Refused("NameTaken", name, taken)
        holder = self.namespaces.get(parts[0], caller)
        if holder != caller:
            raise Refused("NotNamespaceHolder", parts[0], caller, holder)
        id_ = len(self.models) + 1
        model = Model(name, kind, caller, self.now())
        model.versions.append(self._version(caller, id_, kind, content, 1))
        self.models[id_] = model
        self.namespaces[parts[0]] = caller
        return id_

    def add_version(self, caller: str, id_: int, content: Content) -> None:
        model = self._own(caller, id_)
        model.versions.append(self._version(caller, id_, model.kind, content, len(model.versions) + 1))

    def reprice(self, caller: str, id_: int, source: int, currency: str, prices: tuple[int, int]) -> None:
        model = self._own(caller, id_)
        old = self.version(id_, source)
        content = replace(old.content, currency=currency, prices=prices)
        self._require_terms(content)
        model.versions.append(replace(old, content=content, added_at=self.now()))

    def offer(self, caller: str, id_: int, to: str) -> None:
        self._own(caller, id_).pending = to

    def accept(self, caller: str, id_: int) -> None:
        model = self._known(id_)
        if caller != model.pending:
            raise Refused("NotPendingOwner", id_, caller, model.pending)
        model.owner, model.pending = caller, NOBODY

    def transfer_namespace(self, caller: str, namespace: str, to: str) -> None:
        if to == NOBODY:
            raise Refused("InvalidHolder", to)
        holder = self.namespaces.get(namespace, NOBODY)
        if caller != holder:
            raise Refused("NotNamespaceHolder", namespace, caller, holder)
        self.namespaces[namespace] = to

    def set_listed(self, caller: str, id_: int, listed: bool) -> None:
        self._own(caller, id_).listed = listed

    def delist(self, id_: int, reason: int) -> None:
        if reason == 0:
            raise Refused("InvalidReason")
        self._known(id_).reason = reason

    def reinstate(self, id_: int) -> None:
        model = self._known(id_)
        if model.reason == 0:
            raise Refused("NotDelisted", id_)
        model.reason = 0

    def set_figures(self, figures: Figures) -> None:
        for part, most in zip(figures[:2], (100_000, 500_000), strict=True):
            if part > most:
                raise Refused("FeePartTooHigh", part, most)
        if min(figures[2:]) < 50_000:
            raise Refused("StackPartTooLow", min(figures[2:]), 50_000)
        if sum(figures[2:]) != PPM:
            raise Refused("StackPartsSum", sum(figures[2:]))
        self.figures = figures

    # --- answers

    def id_of(self, name: str) -> int:
        return next((id_ for id_, model in self.models.items() if model.name == name), 0)

    def version(self, id_: int, version: int) -> Version:
        model = self.models.get(id_)
        if model is None or not 1 <= version <= len(model.versions):
            raise Refused("VersionUnknown", id_, version)
        return model.versions[version - 1]

    def payees(self, id_: int, version: int) -> list[tuple[str, int]]:
        """Who is paid now, in ppm."""
        return [
            (self.models[of].owner if beneficiary == OWNER else self.datasets[of].holder, ppm)
            for beneficiary, of, ppm in self.version(id_, version).stack[2]
        ]

    def fee(self, id_: int, version: int, inputs: int, outputs: int) -> int:
        price = self.version(id_, version).content.prices
        return ceil(Fraction(price[0] * inputs + price[1] * outputs, 1_000_000))

    # --- rules

    def _version(self, caller: str, id_: int, kind: int, content: Content, number: int) -> Version:
        if not content.category.strip(b"\0"):
            raise Refused("InvalidTaskCategory")
        parent_rows = self._require_parent(kind, content.parent)
        self._require_datasets(caller, kind, content.datasets)
        self._require_weights(kind, content.weights)
        self._require_terms(content)
        treasury, stack = self.figures[:2]
        if kind == BASE:
            return Version(content, (treasury, 0, ()), number, self.now())
        rows = flatten(id_, list(content.datasets), parent_rows, self.figures)
        return Version(content, (treasury, stack, tuple(rows)), number, self.now())

    def _require_parent(self, kind: int, parent: tuple[int, int]) -> list[Row]:
        if (kind == DERIVED) != (parent[0] != 0):
            raise Refused("ParentMismatch", kind, parent[0])
        if parent == (0, 0):
            return []
        rows = self.version(*parent).stack[2]
        if self.models[parent[0]].reason:
            raise Refused("ParentDelisted", parent[0], self.models[parent[0]].reason)
        return list(rows)

    def _require_datasets(self, caller: str, kind: int, uses: tuple[tuple[int, int], ...]) -> None:
        if kind == BASE and uses:
            raise Refused("BaseModelHasNoDatasets")
        previous = 0
        for dataset, weight in uses:
            if dataset <= previous:
                raise Refused("DatasetsNotAscending", previous, dataset)
            if not 1 <= weight <= MAX_WEIGHT:
                raise Refused("InvalidWeight", dataset, weight)
            if dataset not in self.datasets:
                raise Refused("DatasetUnknown", dataset)
            if not self.datasets[dataset].open_to(caller):
                raise Refused("NoAccessToDataset", dataset, caller)
            previous = dataset

    def _require_weights(self, kind: int, weights: tuple[bytes, bytes]) -> None:
        cid, manifest = weights
        if kind == BASE and not cid and not any(manifest):
            return
        if len(cid) != 36 or cid[:4] not in (b"\x01\x55\x12\x20", b"\x01\x70\x12\x20"):
            raise Refused("InvalidCid", cid)
        if not any(manifest):
            raise Refused("InvalidManifestHash")

    def _require_terms(self, content: Content) -> None:
        if content.currency not in self.currencies:
            raise Refused("CurrencyNotAccepted", content.currency)
        if content.prices[1] and content.modality not in METERS_OUTPUT:
            raise Refused("OutputNotMetered", content.modality)

    def _known(self, id_: int) -> Model:
        if id_ not in self.models:
            raise Refused("ModelUnknown", id_)
        return self.models[id_]

    def _own(self, caller: str, id_: int) -> Model:
        model = self._known(id_)
        if model.owner != caller:
            raise Refused("NotOwner", id_, caller, model.owner)
        return model

    @staticmethod
    def _is_part(part: str) -> bool:
        return (
            1 <= len(part) <= 64
            and part[0] in ALPHANUMERIC
            and part[-1] in ALPHANUMERIC
            and set(part) <= ALPHANUMERIC | set("-_.")
        )
