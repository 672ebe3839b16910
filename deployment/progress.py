"""What a deployment has done so far, written down before and after each transaction.

A transaction is on record, with its nonce and hash, before it is sent. So whatever moment a run ends at, the next
one knows which transactions may be out there, and asks the chain about them before it sends anything.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from deployment.errors import DeploymentError


class Step(msgspec.Struct, rename="camel", omit_defaults=True):
    """A transaction: intended while `transaction` is empty, done afterwards.

    `content` is the keccak-256 of what is sent. `sent` are the hashes it may have on chain, oldest first.
    """

    content: str
    nonce: int
    sent: list[str]
    address: str | None = None
    transaction: str = ""
    block: int = 0
    gas: int = 0
    code_hash: str = ""

    @property
    def done(self) -> bool:
        return self.transaction != ""


class Progress(msgspec.Struct, rename="camel"):
    """Steps by name, in the order they were begun, and notes of the command that writes them."""

    chain_id: int
    deployer: str
    steps: dict[str, Step] = {}
    notes: dict[str, Any] = {}


class ProgressFile:
    """`deployments/<chainId>.partial.json` and its like."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> Progress | None:
        """What is on record, None if nothing is. Raises `DeploymentError` if it can't be read."""
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=Progress)
        except FileNotFoundError:
            return None
        except msgspec.DecodeError as error:
            raise DeploymentError(
                f"{self.path} is no record of a deployment ({error}); move it away if you know what is deployed"
            ) from error

    def write(self, progress: Progress) -> None:
        """Writes the record, whole or not at all, and not only to the cache."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        writing = self.path.with_suffix(".writing")
        with writing.open("wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(progress), indent=2) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        writing.replace(self.path)

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Holds a folder of manifests for one command at a time; a command that is killed lets go."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise DeploymentError(f"another deployment or upgrade is running on {folder}; wait for it to end") from None
    else:
        yield
    finally:
        os.close(handle)
