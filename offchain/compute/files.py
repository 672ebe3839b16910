"""Where the integer weights are, and making them when they are not there yet."""

import hashlib
import os
from pathlib import Path

from cluster.chain.paths import root
from offchain.compute.weights import SHA256, SMOLLM2, Weights, WeightsUnusable
from offchain.models import weights as floats

FILE = "smollm2-135m-instruct.int8"


def default_path() -> Path:
    return root() / "build" / "weights" / FILE


def build(path: Path) -> None:
    """Makes SmolLM2's file from the pinned GGUF: 136 MB, some 7 CPU-seconds, always the same bytes.

    Raises `WeightsUnusable`, `offchain.models.weights.WeightsUnusable`, `OSError`.
    """
    from offchain.compute import quantise

    content = quantise.build(floats.find(), SMOLLM2)
    found = hashlib.sha256(content.data).hexdigest()
    if found != SHA256:
        raise WeightsUnusable(f"the weights came out with SHA-256 {found}, expected {SHA256}")
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}")
    content.tofile(partial)
    partial.replace(path)


def ensure(path: Path | None = None) -> Weights:
    """The weights, made first if there are none. Raises as `build` and `Weights.load`."""
    path = path or default_path()
    if not path.exists():
        build(path)
    return Weights.load(path)
