"""CIDs are those of IPFS. Expected values are what npm's `ipfs-unixfs-importer` 17.1.1 (the importer of Helia) gives
with CIDv1, raw leaves, chunks of 256 KiB and 174 links a node: the settings of `ipfs add --cid-version=1`.
"""

from pathlib import Path

import pytest

from cluster.content import unixfs
from cluster.content.unixfs import FolderUnusable, of_bytes, of_folder

FILES = {
    0: "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku",
    1: "bafkreidogqfzz75tpkmjzjke425xqcrmpcib2p5tg44hnbirumdbpl5adu",
    12: "bafkreifeecg4qydcfabzkm3jrbvvtkl4wavjosrpvwycsnmcdbfqh7kjb4",
    262_143: "bafkreibhzqgcsa5y7zlkicpgji2ooyrwmjrfq2ux4wjl22runemnqkce3i",
    262_144: "bafkreigar4etmcrp6d7s5lqnh4qqvxc3beycdzhnbsqnc34dqvaaoy4va4",
    262_145: "bafybeidr5eoztpvcculx5q254hapwzl54ssargtimfiqey7louc5zrvwd4",
    1_048_577: "bafybeibrpl5nixqcxsihatltg64szezaqbwmyssqzwsdg4eucajpxauonm",
    262_144 * 174: "bafybeihttx2bduvqiczypugmy5efb2oiqpogcr64uwpmxc2ybkkknxxgr4",
    262_144 * 174 + 1: "bafybeihoxjgf5qoe5ndfnbg5jkfga2oehwk3cnluhtmav2sidtqyqk3b3i",
}
FOLDERS: dict[str, dict[str, int]] = {
    "bafybeighy5n2mg5wxsl4onf47mlqw6nfy2jrib6wtfc33hgj2hrrvwjmw4": {"a.txt": 1, "b.csv": 12},
    "bafybeicjcnoequki22i7ud3nezzm7ptv6a5rxmnpjyyzizv7vuehp7wtjq": {"b": 5, "B": 6, "a": 7, "aa": 8, "é": 3},
    "bafybeie4lryvr32btzfpph4g2ztusf4y6atb3aprqqoim4wkmyeg5bbqbu": {
        "data/train.csv": 300_000,
        "data/test.csv": 10,
        "README.md": 100,
        "LICENSE": 0,
    },
    "bafybeibuajut2ynoeylg6g4mybsmxdarip7mxz7thnui6ogsdatixt2sh4": {"data": 262_145},
}


def content(length: int) -> bytes:
    """The bytes that the importer was given: i² + 7i + i/256, modulo 256."""
    period = bytes((i * i + 7 * i + (i >> 8)) & 255 for i in range(min(length, 65_536)))
    return (period * (length // 65_536 + 1))[:length]


@pytest.mark.parametrize("length", FILES)
def test_a_file_has_the_cid_that_ipfs_gives_it(length: int) -> None:
    node = of_bytes(content(length))
    assert str(node.cid) == FILES[length]
    assert node.size == length


@pytest.mark.parametrize("cid", FOLDERS)
def test_a_folder_has_the_cid_that_ipfs_gives_it(cid: str, tmp_path: Path) -> None:
    for name, length in FOLDERS[cid].items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content(length))
    assert str(of_folder(tmp_path).cid) == cid


def test_hidden_files_are_left_out_as_ipfs_does(tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(content(262_145))
    (tmp_path / ".DS_Store").write_bytes(b"x")
    assert FOLDERS[str(of_folder(tmp_path).cid)] == {"data": 262_145}


def test_a_symbolic_link_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(FolderUnusable, match="link is a symbolic link"):
        of_folder(tmp_path)


def test_a_folder_that_ipfs_would_shard_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unixfs, "MAX_FOLDER_BYTES", 40)
    (tmp_path / "a").write_bytes(b"x")
    (tmp_path / "b").write_bytes(b"x")
    with pytest.raises(FolderUnusable, match="several folders"):
        of_folder(tmp_path)
