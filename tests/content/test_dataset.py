"""Datasets on disk become manifests that a publication can commit to."""

import hashlib
from pathlib import Path

import msgspec
import pytest

from cluster.chain.paths import root
from cluster.content.cid import Cid
from cluster.content.dataset import DatasetUnusable, load
from cluster.content.unixfs import of_bytes, of_folder

PENGUINS = root() / "datasets" / "palmer-penguins"
TOML = 'slug = "my-data"\nname = "My data"\ndescription = "Numbers."\nlicense = "MIT"\n'


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    (tmp_path / "dataset.toml").write_text(TOML)
    (tmp_path / "content" / "more").mkdir(parents=True)
    (tmp_path / "content" / "table.csv").write_text('a,b\n1,"two\nlines"\n3,4\n')
    (tmp_path / "content" / "more" / "rows.jsonl").write_text('{"a": 1}\n\n{"a": 2}\n')
    (tmp_path / "content" / ".hidden").write_text("x")
    return tmp_path


def test_the_shipped_dataset_is_whole_and_licensed() -> None:
    manifest = load(PENGUINS)
    assert manifest.license == "CC0-1.0"
    assert manifest.num_rows == 344
    assert {file.filename for file in manifest.files} == {"README.md", "penguins.csv"}
    assert manifest.preview is not None
    assert manifest.preview.columns[:2] == ["species", "island"]


def test_a_manifest_commits_to_every_file(dataset: Path) -> None:
    manifest = load(dataset)
    assert manifest.root_cid == str(of_folder(dataset / "content").cid)
    assert [file.filename for file in manifest.files] == ["more/rows.jsonl", "table.csv"]
    for file in manifest.files:
        data = (dataset / "content" / file.filename).read_bytes()
        assert (file.size_bytes, file.sha256) == (len(data), hashlib.sha256(data).hexdigest())
        assert file.ipfs_cid == str(of_bytes(data).cid)


def test_rows_are_counted_as_tables_have_them(dataset: Path) -> None:
    assert {file.filename: file.num_rows for file in load(dataset).files} == {"more/rows.jsonl": 2, "table.csv": 2}


def test_the_uri_is_the_cid_of_the_manifest_and_its_digest_the_hash_on_chain(dataset: Path) -> None:
    manifest = load(dataset)
    assert manifest.uri == f"ipfs://{of_bytes(manifest.encode()).cid}"
    assert Cid.parse(manifest.uri.removeprefix("ipfs://")).digest == manifest.sha256


def test_a_changed_byte_changes_the_hash(dataset: Path) -> None:
    before = load(dataset).sha256
    (dataset / "content" / "table.csv").write_text("a,b\n1,3\n")
    assert load(dataset).sha256 != before


def test_the_license_fills_a_word() -> None:
    assert load(PENGUINS).license_word == b"CC0-1.0" + bytes(25)


@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        (TOML.replace("MIT", ""), "license must be an SPDX identifier"),
        (TOML.replace("MIT", "x" * 33), "license must be an SPDX identifier"),
        (TOML.replace("MIT", "Lizenz für alle"), "license must be an SPDX identifier"),
        (TOML.replace("name", "title"), "title"),
        (TOML + "tags = 1", "tags"),
        ("slug = ", "dataset.toml"),
    ],
)
def test_a_wrong_description_is_refused_with_what_is_wrong(dataset: Path, toml: str, sentence: str) -> None:
    (dataset / "dataset.toml").write_text(toml)
    with pytest.raises(DatasetUnusable, match=sentence):
        load(dataset)


def test_a_folder_without_description_content_or_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetUnusable, match=r"dataset\.toml is missing"):
        load(tmp_path)
    (tmp_path / "dataset.toml").write_text(TOML)
    with pytest.raises(DatasetUnusable, match="content is missing"):
        load(tmp_path)
    (tmp_path / "content").mkdir()
    with pytest.raises(DatasetUnusable, match="holds no files"):
        load(tmp_path)


def test_the_manifest_is_json_with_sorted_keys(dataset: Path) -> None:
    encoded = load(dataset).encode()
    keys = list(msgspec.json.decode(encoded))
    assert keys == sorted(keys)
