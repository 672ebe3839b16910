"""A model registry on the deployed protocol, datasets to train on, and the people around them."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from eth_utils import keccak

from cluster.testing import Receipt
from cluster.testing.suite import Suite

BASE, HOSTED, DERIVED = range(3)
CHAT, EMBEDDINGS, IMAGES, SPEECH, TRANSCRIPTION, RERANK = range(6)
OWNER, HOLDER = range(2)
PPM = 1_000_000
FIGURES = (50_000, 200_000, 500_000, 300_000, 200_000)
NO_WEIGHTS = (b"", b"\0" * 32)


def category(name: str) -> bytes:
    return name.encode().ljust(32, b"\0")


def weights(seed: str, codec: int = 0x70) -> tuple[bytes, bytes]:
    """A commitment: CID of a folder and hash of a manifest."""
    return bytes((1, codec, 0x12, 0x20)) + keccak(text=seed), keccak(text=f"{seed} manifest")


def tuples(value: Any) -> Any:
    """Structs, as the harness decodes them, as tuples."""
    if isinstance(value, SimpleNamespace):
        return tuple(tuples(part) for part in vars(value).values())
    return [tuples(part) for part in value] if isinstance(value, list) else value


class World:
    """Accounts: `alice` makes models, `bob` and `carol` too, `dora` publishes datasets."""

    def __init__(self, suite: Suite) -> None:
        self.suite, self.models = suite, suite.models
        self.chain: Any = suite.chain
        self.registry, self.router, self.nft = suite.registry, suite.router, suite.nft
        self.usdc, self.admin, self.manager = suite.usdc, suite.admin, suite.manager
        self.alice, self.bob, self.carol, self.dora, self.eve = map(
            suite.chain.account, ("alice", "bob", "carol", "dora", "eve")
        )

    def dataset(self, slug: str, price: int = 0, holder: Any = None) -> int:
        """Publishes a dataset: free, or for a price in USDC."""
        publication = {
            "slug": slug,
            "content": weights(slug),
            "uri": f"ipfs://{slug}",
            "license": category("CC-BY-4.0"),
            "royaltyBps": 0,
            "free": price == 0,
            "prices": [(self.usdc.address, price)] if price else [],
        }
        id_: int = self.registry.publish(publication, sender=holder or self.dora).return_value
        return id_

    def buy(self, dataset: int, buyer: Any) -> None:
        price = self.registry.priceOf(dataset, self.usdc)
        self.usdc.mint(buyer, price, sender=self.admin)
        self.usdc.approve(self.router, price, sender=buyer)
        self.router.purchase(dataset, self.usdc, price, buyer, "0x" + "00" * 20, sender=buyer)

    def version(self, **changes: Any) -> dict[str, Any]:
        """A version that can be registered as hosted; `parent` is (model, version)."""
        parent = changes.pop("parent", (0, 0))
        fields = {
            "uri": "ipfs://model card",
            "weights": weights("weights"),
            "datasets": [],
            "parentId": parent[0],
            "taskCategory": category("text-generation"),
            "prices": (150_000, 600_000),
            "currency": self.usdc,
            "parentVersion": parent[1],
            "modality": CHAT,
        }
        assert changes.keys() <= fields.keys()
        return fields | changes

    def register(self, name: str, kind: int = HOSTED, owner: Any = None, **changes: Any) -> int:
        """Registers a model; gives its id."""
        return self.registering(name, kind, owner, **changes).return_value  # type: ignore[no-any-return]

    def registering(self, name: str, kind: int = HOSTED, owner: Any = None, **changes: Any) -> Receipt:
        receipt: Receipt = self.models.register(name, kind, self.version(**changes), sender=owner or self.alice)
        return receipt

    def rows(self, model: int, version: int = 1) -> list[tuple[int, int, int]]:
        """(beneficiary, id, ppm) of a stack."""
        rows: list[tuple[int, int, int]] = tuples(self.models.stackOf(model, version).rows)
        return rows

    def payees(self, model: int, version: int = 1) -> list[tuple[str, int]]:
        """(account, ppm) of a stack."""
        _, _, accounts, ppm = self.models.payeesOf(model, version)
        return list(zip(accounts, ppm, strict=True))


def uses(*pairs: Sequence[int]) -> list[tuple[int, int]]:
    """Datasets with weights, in the order the registry wants."""
    return sorted((dataset, weight) for dataset, weight in pairs)
