"""The whole protocol on this machine: a chain, the contracts, indexer, model server and relay, as processes.

Everything that it writes lies below one folder and is made anew at each start; the chain lives in memory.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from cluster.chain import anvil, manifest
from cluster.chain.manifest import Manifest
from cluster.chain.paths import deployments_folder, root
from cluster.stack import relay_settings
from cluster.stack.errors import DiskFull, HomeInUse, ServiceFailed
from cluster.stack.ports import Ports
from cluster.stack.process import Process, end_of, spawn

CHAIN_ID = 31337
NEEDED_MB = 300
DEPLOY_S = 180
MODELS_START_S = 120

OWN_FILES = ("*.log", "*.sqlite*", "index.db*", "relay.toml", "facilitator.key")
"""What the stack writes into its folder, and removes from it."""


def home_folder() -> Path:
    """Where the stack's files lie unless another folder is given."""
    return root() / "build" / "stack"


class Stack:
    """Use as a context manager: what was started is stopped at the end, however it ends.

    `say` is told what happens. The manifest goes to `deployments`, everything else below `home`.
    Raises `StackError`, `AnvilUnavailable`.
    """

    def __init__(
        self,
        home: Path | None = None,
        ports: Ports | None = None,
        deployments: Path | None = None,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.home = home or home_folder()
        self.ports = ports or Ports()
        self.deployments = deployments or deployments_folder()
        self._say = say
        self._manifest: Manifest | None = None
        self._lock: int | None = None
        python = [sys.executable, "-m"]
        self.anvil = self._process("anvil", anvil.command(self.ports.anvil), "", any_answer=True)
        self.models = self._process(
            "models", [*python, "offchain.models", "--port", str(self.ports.models)], "/v1/models", MODELS_START_S
        )
        self.indexer = self._process("indexer", [*python, "indexer", "run", *self._indexer_options()], "/healthz")
        self.relay = self._process(
            "relay", [*python, "offchain.relay", "--config", str(self.home / "relay.toml")], "/readyz"
        )

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def services(self) -> tuple[Process, ...]:
        """In the order in which they depend on each other."""
        return (self.anvil, self.models, self.indexer, self.relay)

    @property
    def manifest(self) -> Manifest:
        """The deployment."""
        if self._manifest is None:
            raise ServiceFailed("the stack is not started")
        return self._manifest

    @property
    def index_database(self) -> Path:
        """The indexer's."""
        return self.home / "index.db"

    @property
    def urls(self) -> dict[str, str]:
        """Where people and programs reach it."""
        return {service.name: self.ports.url(service.name) for service in self.services}

    def stop(self) -> None:
        """Stops everything, dependants first."""
        for service in reversed(self.services):
            service.stop()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _start(self) -> None:
        self.ports.require_free()
        self._prepare_home()
        self.anvil.start()
        self._say(f"chain {CHAIN_ID} at {self.urls['anvil']}")
        # Loading the weights takes as long as deploying does.
        self.models.launch()
        self._deploy()
        self.indexer.launch()
        relay_settings.write(self.home, self.ports, self.manifest.contract("USDC").address)
        self.relay.launch()
        self.indexer.wait_ready()
        self._say(f"indexer at {self.urls['indexer']}")
        self.models.wait_ready()
        self._say(f"model server at {self.urls['models']}")
        self.relay.wait_ready()
        self._say(f"relay at {self.urls['relay']}")

    def _deploy(self) -> None:
        log = self.home / "deploy.log"
        network = {"CLUSTER_LOCAL_RPC": self.ports.url("anvil")}
        command = ["run", "deploy", "--network", "cluster:local", "--deployments", str(self.deployments)]
        ape = spawn([str(Path(sys.executable).with_name("ape")), *command], {**os.environ, **network}, log, root())
        try:
            code = ape.wait(DEPLOY_S)
        except subprocess.TimeoutExpired as error:
            raise ServiceFailed(f"the deployment took more than {DEPLOY_S} s; its log is {log}") from error
        finally:
            ape.kill()
            ape.wait()
        if code != 0:
            raise ServiceFailed(f"the deployment failed with exit code {code}\n{end_of(log)}")
        self._manifest = manifest.load(self.deployments / f"{CHAIN_ID}.json")
        self._say(f"contracts deployed, {self.deployments / f'{CHAIN_ID}.json'}")

    def _prepare_home(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(self.home, os.O_RDONLY)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HomeInUse(f"another stack runs in {self.home}: stop it, or give another --home") from None
        for pattern in OWN_FILES:
            for old in self.home.glob(pattern):
                old.unlink()
        free_mb = shutil.disk_usage(self.home).free // 1_000_000
        if free_mb < NEEDED_MB:
            raise DiskFull(f"{NEEDED_MB} MB of free disk are needed at {self.home}, there are {free_mb} MB")

    def _indexer_options(self) -> list[str]:
        manifest_path = str(self.deployments / f"{CHAIN_ID}.json")
        listen = f"127.0.0.1:{self.ports.indexer}"
        where = ["--manifest", manifest_path, "--rpc", self.ports.url("anvil"), "--db", str(self.index_database)]
        return [*where, "--listen", listen, "--poll", "0.1"]

    def _process(
        self, name: str, command: list[str], ready: str, start_s: float = 30.0, any_answer: bool = False
    ) -> Process:
        log = self.home / f"{name}.log"
        return Process(name, command, log, self.ports.url(name) + ready, start_s=start_s, any_answer=any_answer)
