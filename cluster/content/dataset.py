"""A dataset on disk, described for the chain: the manifest that a publication commits to.

    my-dataset/
        dataset.toml    slug, name, license, description, tags …
        content/        the files that buyers get

The manifest is JSON with sorted keys, so that the same dataset always has the same bytes and hash.
"""

import csv
import hashlib
import tomllib
from pathlib import Path

import msgspec

from cluster.content import unixfs
from cluster.content.cid import RAW, Cid

PREVIEW_ROWS = 5
LICENSE_BYTES = 32
"""An SPDX identifier must fit a word on chain."""


class DatasetUnusable(ValueError):
    """The folder is not a dataset; the message says what is missing or wrong."""


class Description(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`dataset.toml`. `license` is an SPDX identifier; `attribution` says whom the license wants named."""

    slug: str
    name: str
    description: str
    license: str
    attribution: str = ""
    tags: list[str] = []
    task_categories: list[str] = []


class File(msgspec.Struct, frozen=True, rename="camel"):
    """A file of a dataset. `num_rows` is known of CSV (its header not counted) and JSON Lines."""

    filename: str
    ipfs_cid: str
    sha256: str
    size_bytes: int
    format: str
    num_rows: int | None = None


class Preview(msgspec.Struct, frozen=True):
    """The first rows of the first table, for everybody to see."""

    filename: str
    columns: list[str]
    rows: list[list[str]]


class Manifest(msgspec.Struct, frozen=True, rename="camel"):
    """What a publication commits to. `root_cid` is the content folder's."""

    slug: str
    name: str
    description: str
    license: str
    attribution: str
    tags: list[str]
    task_categories: list[str]
    root_cid: str
    num_rows: int
    total_size_bytes: int
    files: list[File]
    preview: Preview | None

    def encode(self) -> bytes:
        """Its canonical JSON."""
        return msgspec.json.encode(self, order="sorted")

    @property
    def sha256(self) -> bytes:
        """`manifestHash` on chain."""
        return hashlib.sha256(self.encode()).digest()

    @property
    def uri(self) -> str:
        """The metadata URI: the manifest itself, by its CID."""
        return f"ipfs://{Cid(RAW, self.sha256)}"

    @property
    def license_word(self) -> bytes:
        """The license as the contracts take it: ASCII, padded with zeros."""
        return self.license.encode("ascii").ljust(LICENSE_BYTES, b"\0")


def load(folder: Path) -> Manifest:
    """The manifest of the dataset in a folder. Raises `DatasetUnusable`."""
    described = _description(folder / "dataset.toml")
    content = folder / "content"
    if not content.is_dir():
        raise DatasetUnusable(f"{content} is missing: the folder with the dataset's files")
    try:
        root = unixfs.of_folder(content)
    except unixfs.FolderUnusable as error:
        raise DatasetUnusable(str(error)) from error
    paths = sorted(p for p in content.rglob("*") if p.is_file() and not _hidden(p.relative_to(content)))
    if not paths:
        raise DatasetUnusable(f"{content} holds no files")
    files = [_file(path, content) for path in paths]
    manifest = Manifest(
        **msgspec.structs.asdict(described),
        root_cid=str(root.cid),
        num_rows=sum(file.num_rows or 0 for file in files),
        total_size_bytes=sum(file.size_bytes for file in files),
        files=files,
        preview=next((_preview(path, content) for path in paths if path.suffix == ".csv"), None),
    )
    if len(manifest.encode()) > unixfs.CHUNK_BYTES:
        raise DatasetUnusable(
            f"the manifest is above {unixfs.CHUNK_BYTES} bytes: put the files into fewer, larger ones"
        )
    return manifest


def _description(path: Path) -> Description:
    try:
        found = msgspec.convert(tomllib.loads(path.read_text()), Description)
    except FileNotFoundError:
        raise DatasetUnusable(f"{path} is missing: it says slug, name, description and license") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise DatasetUnusable(f"{path}: {error}") from error
    if not found.license.isascii() or not 1 <= len(found.license) <= LICENSE_BYTES:
        raise DatasetUnusable(f"{path}: license must be an SPDX identifier of 1 to {LICENSE_BYTES} ASCII characters")
    return found


def _file(path: Path, content: Path) -> File:
    with path.open("rb") as file:
        node = unixfs.of_file(file)
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    rows = None
    if path.suffix == ".csv":
        with path.open(newline="", encoding="utf-8", errors="replace") as table:
            rows = max(sum(1 for _ in csv.reader(table)) - 1, 0)
    elif path.suffix == ".jsonl":
        with path.open("rb") as lines:
            rows = sum(1 for line in lines if line.strip())
    return File(
        filename=path.relative_to(content).as_posix(),
        ipfs_cid=str(node.cid),
        sha256=digest,
        size_bytes=node.size,
        format=path.suffix.removeprefix(".") or "binary",
        num_rows=rows,
    )


def _preview(path: Path, content: Path) -> Preview:
    with path.open(newline="", encoding="utf-8", errors="replace") as table:
        rows = [row for row, _ in zip(csv.reader(table), range(PREVIEW_ROWS + 1), strict=False)]
    columns, *shown = rows or [[]]
    return Preview(path.relative_to(content).as_posix(), columns, shown)


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)
