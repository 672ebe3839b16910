"""The CIDs that `ipfs add --cid-version=1` gives files and folders, without an IPFS node.

UnixFS over dag-pb: chunks of 256 KiB as raw leaves, balanced trees of 174 links a node, basic folders.
https://specs.ipfs.tech/unixfs/, https://ipld.io/specs/codecs/dag-pb/spec/. A file is read once and never held whole.
"""

from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, NamedTuple

from cluster.content.cid import DAG_PB, RAW, Cid

CHUNK_BYTES = 256 * 1024
LINKS_A_NODE = 174
MAX_FOLDER_BYTES = 256 * 1024

_FOLDER = 1
_FILE = 2


class FolderUnusable(ValueError):
    """A folder that can't be published as it is; the message says why."""


class Node(NamedTuple):
    """A node of the tree. `size` counts the file's bytes below it, `total` also the nodes' own."""

    cid: Cid
    size: int
    total: int


def of_file(file: BinaryIO) -> Node:
    """A file's root node."""
    # Each level holds fewer than LINKS_A_NODE nodes that wait for a parent, so memory does not grow with the file.
    levels: list[list[Node]] = [[]]
    for chunk in _chunks(file):
        levels[0].append(Node(Cid.of(RAW, chunk), len(chunk), len(chunk)))
        level = 0
        while len(levels[level]) == LINKS_A_NODE:
            if level + 1 == len(levels):
                levels.append([])
            levels[level + 1].append(_file_node(levels[level]))
            levels[level].clear()
            level += 1
    carried: list[Node] = []
    for level, waiting in enumerate(levels):
        nodes = waiting + carried
        if level == len(levels) - 1 and len(nodes) == 1:
            return nodes[0]
        carried = [_file_node(nodes)] if nodes else []
    return carried[0]


def of_bytes(data: bytes) -> Node:
    """The root node of a file with this content."""
    return of_file(BytesIO(data))


def of_folder(folder: Path) -> Node:
    """A folder's root node: all files below it but hidden ones. Raises `FolderUnusable`."""
    entries = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_symlink():
            raise FolderUnusable(f"{path} is a symbolic link; put the file itself there")
        if path.is_dir():
            entries[path.name] = of_folder(path)
        elif path.is_file():
            with path.open("rb") as file:
                entries[path.name] = of_file(file)
        else:
            raise FolderUnusable(f"{path} is neither a file nor a folder")
    return _folder_node(entries, folder)


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    chunk = file.read(CHUNK_BYTES)
    yield chunk
    while chunk:
        chunk = file.read(CHUNK_BYTES)
        if chunk:
            yield chunk


def _file_node(children: Sequence[Node]) -> Node:
    size = sum(child.size for child in children)
    unixfs = _number(1, _FILE) + _number(3, size) + b"".join(_number(4, child.size) for child in children)
    return _node([("", child) for child in children], unixfs, size)


def _folder_node(entries: Mapping[str, Node], folder: Path) -> Node:
    links = sorted(entries.items(), key=lambda entry: entry[0].encode())
    node = _node(links, _number(1, _FOLDER), 0)
    if sum(len(name.encode()) + len(child.cid.binary) for name, child in links) > MAX_FOLDER_BYTES:
        raise FolderUnusable(f"{folder} holds {len(links)} entries; put them into several folders")
    return node


def _node(links: Sequence[tuple[str, Node]], unixfs: bytes, size: int) -> Node:
    """dag-pb writes its links (field 2) before its data (field 1)."""
    block = b"".join(
        _bytes(2, _bytes(1, child.cid.binary) + _bytes(2, name.encode()) + _number(3, child.total))
        for name, child in links
    ) + _bytes(1, unixfs)
    return Node(Cid.of(DAG_PB, block), size, len(block) + sum(child.total for _, child in links))


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value
