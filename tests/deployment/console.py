"""The commands of `scripts/`, run in this process: the same code as `ape run`, without seconds of start a command."""

import json
import runpy
from functools import cache
from pathlib import Path
from typing import Any

from cluster.chain.paths import root
from tests.deployment.conftest import PEOPLE, World


@cache
def _script(name: str) -> Any:
    return runpy.run_path(str(root() / "scripts" / f"{name}.py"))["cli"]


class Console:
    """Runs commands on a world's node and folder, signed by one of `PEOPLE`."""

    def __init__(self, world: World) -> None:
        self._world = world

    def run(self, who: str, command: str, *options: str, code: int = 0) -> str:
        """Output and messages of a command that ends with that exit code."""
        from click.testing import CliRunner

        name, *rest = command.split()
        shared = ["--network", f"cluster:local:{self._world.node.url}", "--deployments", str(self._folder)]
        account = ["--account", f"TEST::{PEOPLE.index(who)}"]
        result = CliRunner(mix_stderr=False).invoke(_script(name), [*rest, *options, *shared, *account])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, result.stdout + result.stderr
        return result.stdout if "--json" in options else result.stdout + result.stderr

    def json(self, who: str, command: str, *options: str) -> Any:
        """What a command that succeeds prints as JSON."""
        return json.loads(self.run(who, command, *options, "--json"))

    @property
    def _folder(self) -> Path:
        return self._world.folder
