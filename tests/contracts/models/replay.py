"""All state of the model registry from its events alone, as an indexer rebuilds it."""

from typing import Any

from cluster.testing import Event
from tests.contracts.models.world import tuples

NOBODY = "0x0000000000000000000000000000000000000000"


class Replay:
    """What the logs so far say. Times are those of the blocks."""

    def __init__(self, figures: tuple[int, ...]) -> None:
        self.figures = figures
        self.names: dict[str, int] = {}
        self.namespaces: dict[str, str] = {}
        self.models: dict[int, dict[str, Any]] = {}
        self.versions: dict[tuple[int, int], dict[str, Any]] = {}

    def feed(self, events: list[Event], time: int) -> None:
        """Takes the registry's events of one transaction."""
        for event in events:
            getattr(self, f"_{event.name}")(event, time)

    def model(self, id_: int) -> tuple[Any, ...]:
        """As `modelOf` tells it."""
        return tuple(self.models[id_].values())

    def version(self, id_: int, version: int) -> tuple[Any, ...]:
        """As `versionOf` tells it."""
        found = self.versions[id_, version]
        uri, weights, _, parent, category, prices, currency, parent_version, modality = found["content"]
        terms = found["terms"] or (currency, prices)
        fixed = (uri, weights, parent, category)
        return (*fixed, terms[1], terms[0], parent_version, modality, found["source"], found["time"])

    def datasets(self, id_: int, version: int) -> Any:
        """As `datasetsOf` tells them."""
        return self.versions[id_, version]["content"][2]

    def stack(self, id_: int, version: int) -> Any:
        """As `stackOf` tells it."""
        return self.versions[id_, version]["stack"]

    # --- one method an event

    def _ModelRegistered(self, event: Event, time: int) -> None:  # noqa: N802
        self.names[event.values["name"]] = event.modelId
        self.models[event.modelId] = {
            "owner": event.owner,
            "kind": event.kind,
            "listed": True,
            "reason": 0,
            "latest": 0,
            "pending": NOBODY,
            "registered": time,
        }

    def _NamespaceHeld(self, event: Event, _: int) -> None:  # noqa: N802
        self.namespaces[event.namespace] = event.holder

    def _VersionAdded(self, event: Event, time: int) -> None:  # noqa: N802
        self.models[event.modelId]["latest"] = event.version
        self.versions[event.modelId, event.version] = {
            "content": tuples(event.content),
            "stack": tuples(event.stack),
            "terms": None,
            "source": event.version,
            "time": time,
        }

    def _VersionRepriced(self, event: Event, time: int) -> None:  # noqa: N802
        self.models[event.modelId]["latest"] = event.version
        source = self.versions[event.modelId, event.source]
        terms = {"terms": (event.currency, tuples(event.prices)), "source": event.source, "time": time}
        self.versions[event.modelId, event.version] = source | terms

    def _OwnershipOffered(self, event: Event, _: int) -> None:  # noqa: N802
        self.models[event.modelId]["pending"] = event.pendingOwner

    def _OwnershipTransferred(self, event: Event, _: int) -> None:  # noqa: N802
        self.models[event.modelId] |= {"owner": event.owner, "pending": NOBODY}

    def _ListedSet(self, event: Event, _: int) -> None:  # noqa: N802
        self.models[event.modelId]["listed"] = event.listed

    def _ModelDelisted(self, event: Event, _: int) -> None:  # noqa: N802
        self.models[event.modelId]["reason"] = event.reason

    def _ModelReinstated(self, event: Event, _: int) -> None:  # noqa: N802
        self.models[event.modelId]["reason"] = 0

    def _FiguresSet(self, event: Event, _: int) -> None:  # noqa: N802
        self.figures = tuples(event.figures)

    def _Upgraded(self, event: Event, _: int) -> None:  # noqa: N802
        """Says nothing of models."""
