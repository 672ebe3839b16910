"""The Solidity compiler kept warm in a process of its own, for tools that compile many times."""

import json
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SETTINGS = {"evmVersion": "cancun", "optimizer": {"enabled": True, "runs": 200}}


class CompilationFailed(Exception):
    """The compiler's errors, as it formats them."""


class Compiler:
    """`with Compiler() as compiler: compiler.run(standard_json)`; imports are found in the checkout."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            ["node", str(ROOT / "tools" / "solc-worker.cjs"), str(ROOT), str(ROOT / "node_modules")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, request: dict[str, Any]) -> dict[str, Any]:
        """Standard JSON in and out. Raises `CompilationFailed`."""
        if self._process.stdin is None or self._process.stdout is None:
            raise CompilationFailed("the compiler has no pipes")
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise CompilationFailed(f"the compiler ended with exit code {self._process.wait()}")
        output: dict[str, Any] = json.loads(answer)
        errors = [error["formattedMessage"] for error in output.get("errors", []) if error["severity"] == "error"]
        if errors:
            raise CompilationFailed("\n".join(errors))
        return output

    def __enter__(self) -> "Compiler":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()


def sources(folder: Path = ROOT / "contracts") -> dict[str, str]:
    """Our own sources by their names, contracts of local chains included."""
    files = [file for file in sorted(folder.rglob("*.sol")) if ".cache" not in file.parts]
    return {str(file.relative_to(folder.parent)): file.read_text() for file in files}


def is_ours(source: str) -> bool:
    """Whether a source is the protocol's: not a library's, not one of local chains only."""
    return source.startswith("contracts/") and not source.startswith("contracts/test/")
