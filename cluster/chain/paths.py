"""Where the repository's own files are."""

import os
from pathlib import Path


def root() -> Path:
    """Root of the checkout: `CLUSTER_HOME` if set, else the folder this package lies in."""
    home = os.environ.get("CLUSTER_HOME")
    return Path(home).resolve() if home else Path(__file__).resolve().parents[2]


def build_folder() -> Path:
    """Where ape writes the compiled contracts."""
    return root() / ".build"


def deployments_folder() -> Path:
    """Where the deployment manifests stand, one a chain."""
    return root() / "deployments"
