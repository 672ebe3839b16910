"""Random use of the model registry."""

from typing import TYPE_CHECKING, Any

from cluster.testing import Account
from cluster.testing.suite import NATIVE

if TYPE_CHECKING:
    from tests.indexer.traffic import Traffic

NAMESPACES = ("open", "lab-1", "a.b_c")
CATEGORIES = (b"text-generation", b"\xff\x00\xfe", b"x" * 32)
PRICES = (0, 1, 150_000, 2**128 - 1)
FIGURES = ((50_000, 200_000, 500_000, 300_000, 200_000), (0, 500_000, 900_000, 50_000, 50_000))
BASE, HOSTED, DERIVED = range(3)
CHAT, EMBEDDINGS = range(2)


class ModelUse:
    """Models are of persons."""

    def __init__(self, traffic: "Traffic") -> None:
        self.traffic = traffic
        self.random = traffic.random
        self.suite = traffic.suite
        self.models = traffic.suite.models
        self.offered: list[tuple[int, Account]] = []

    def step(self) -> None:
        """One transaction or a few."""
        self.traffic.turn(
            type(self).__name__,
            (self.register, self.register, self.add_version, self.reprice, self.hand_over, self.list, self.govern),
        )()

    def model(self) -> int:
        return self.random.randint(1, max(self.models.totalModels(), 1))

    def owner(self, model: int) -> Account:
        if model <= self.models.totalModels():
            owner = self.models.ownerOf(model)
            return next((person for person in self.traffic.people if person.address == owner), self.traffic.person())
        return self.traffic.person()

    def version(self, kind: int, by: Account) -> tuple[Any, ...]:
        datasets: list[tuple[int, int]] = []
        if kind != BASE:
            ids = [id_ for id_ in self._some_datasets() if self.suite.registry.canDownload(id_, by)]
            datasets = [(id_, self.random.choice([1, 7, 1000])) for id_ in ids]
        parent, parent_version = 0, 0
        if kind == DERIVED:
            parent = self.model()
            if self.models.totalModels():
                parent_version = self.random.randint(1, self.models.latestVersionOf(parent))
        weights = (bytes.fromhex("01701220") + self.traffic.word(), self.traffic.word())
        if kind == BASE and self.random.random() < 0.5:
            weights = (b"", bytes(32))
        modality = self.random.choice([CHAT, CHAT, EMBEDDINGS])
        prices = (self.random.choice(PRICES), self.random.choice(PRICES) if modality == CHAT else 0)
        category = self.random.choice(CATEGORIES).ljust(32, b"\0")
        what = (self.traffic.TEXT, weights, datasets, parent, category, prices, self.traffic.currency())
        return (*what, parent_version, modality)

    def _some_datasets(self) -> list[int]:
        count = self.suite.nft.totalMinted()
        return sorted(self.random.sample(range(1, count + 1), min(count, 3)))

    def register(self) -> None:
        kind, owner = self.random.choice([BASE, HOSTED, HOSTED, DERIVED, DERIVED]), self.traffic.person()
        namespace = self.random.choice(NAMESPACES)
        holder = self.models.holderOfNamespace(namespace)
        owner = next((person for person in self.traffic.people if person.address == holder), owner)
        name = f"{namespace}/m-{self.random.getrandbits(32)}"
        self.traffic.send_text(owner, self.models, "register", name, kind, self.version(kind, owner))

    def add_version(self) -> None:
        model = self.model()
        owner = self.owner(model)
        kind = self.models.modelOf(model).kind if self.models.totalModels() else BASE
        self.traffic.send_text(owner, self.models, "addVersion", model, self.version(kind, owner))

    def reprice(self) -> None:
        model = self.model()
        source = self.random.randint(1, 3)
        prices = (self.random.choice(PRICES), 0)
        self.traffic.send(self.owner(model), self.models, "reprice", model, source, self.traffic.currency(), prices)

    def hand_over(self) -> None:
        kind, model = self.traffic.turn("hand over a model", range(3)), self.model()
        if kind == 0 and self.offered:
            model, to = self.offered.pop()
            self.traffic.send(to, self.models, "acceptOwnership", model)
        elif kind == 1:
            namespace = self.random.choice(NAMESPACES)
            holder = self.models.holderOfNamespace(namespace)
            by = next((person for person in self.traffic.people if person.address == holder), self.traffic.person())
            self.traffic.send(by, self.models, "transferNamespace", namespace, self.traffic.person())
        else:
            to = self.traffic.person()
            self.offered.append((model, to))
            withdrawn = self.random.random() < 0.2
            self.traffic.send(self.owner(model), self.models, "offerOwnership", model, NATIVE if withdrawn else to)

    def list(self) -> None:
        model = self.model()
        self.traffic.send(self.owner(model), self.models, "setListed", model, self.random.random() < 0.7)

    def govern(self) -> None:
        admin, kind, model = self.suite.admin, self.traffic.turn("judge", range(3)), self.model()
        if kind == 0:
            self.traffic.send(admin, self.models, "setFigures", self.random.choice(FIGURES))
        else:
            self.traffic.send(admin, self.models, "delist", model, self.random.randint(1, 2**16 - 1))
            if kind == 1:
                self.traffic.send(admin, self.models, "reinstate", model)
