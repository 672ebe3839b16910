"""What commands on a live deployment share: its manifest, its AccessManager, and a record of what is being sent."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cluster.chain import manifest
from deployment import checks, verify
from deployment.chain import Chain
from deployment.managed import Outcome, make
from deployment.progress import Progress, ProgressFile
from deployment.sender import Sender
from deployment.terminal import Reporter


class Office:
    """A live deployment that somebody acts on. Raises `Verification` if the chain's AccessManager is another."""

    def __init__(self, chain: Chain, confirmations: int, folder: Path, quiet: bool = False) -> None:
        self.chain = chain
        self.folder = folder
        self.confirmations = confirmations
        self.path = folder / f"{chain.id}.json"
        self.manifest = manifest.load(self.path)
        self.manager = self.address("AccessManager")
        self.quiet = quiet
        self._require_live("AccessManager")

    def address(self, contract: str) -> str:
        """Raises `ManifestError` if it is not deployed."""
        return self.manifest.contract(contract).address

    def act(self, what: str, target: str, data: bytes, holder: str | None = None) -> Outcome:
        """Takes a restricted call one step further."""
        with self.sending(what + (holder or "")) as sender:
            return make(self.chain, sender, self.manager, what, target, data, holder)

    @contextmanager
    def sending(self, key: str, steps: int = 1) -> Iterator[Sender]:
        """Sends with a record of its own, which an interrupted command leaves to the next one of the same key."""
        name = hashlib.sha256(key.encode()).hexdigest()[:16]
        file = ProgressFile(self.folder / f"{self.chain.id}.call-{name}.partial.json")
        progress = file.read() or Progress(self.chain.id, self.chain.sender)
        yield Sender(self.chain, file, progress, Reporter(steps, self.quiet), self.confirmations)
        file.remove()

    def _require_live(self, contract: str) -> None:
        found = {contract: self.manifest.contract(contract)}
        one = type(self.manifest)(self.chain.id, self.manifest.network, self.manifest.deployer, True, found)
        checks.require(verify.check_code(self.chain, one))
