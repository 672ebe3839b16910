"""`cluster dataset`: what a publication commits to, computed here."""

from pathlib import Path

import click
import msgspec

from cluster.content import unixfs
from cluster.content.dataset import DatasetUnusable, load


@click.group()
def dataset() -> None:
    """Content identifiers and manifests of datasets. Exit codes: 0 done, 1 the files can't be used."""


@dataset.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
def cid(path: Path) -> None:
    """Print the CID that `ipfs add --cid-version=1` would give a file or folder.

    \b
    Example:
      cluster dataset cid datasets/palmer-penguins/content
    """
    try:
        if path.is_dir():
            node = unixfs.of_folder(path)
        else:
            with path.open("rb") as file:
                node = unixfs.of_file(file)
    except (unixfs.FolderUnusable, OSError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(node.cid)


@dataset.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="The manifest itself, byte for byte as its hash is taken.")
def manifest(folder: Path, as_json: bool) -> None:
    """Describe the dataset in FOLDER (dataset.toml and content/) as it would be published.

    \b
    Examples:
      cluster dataset manifest datasets/palmer-penguins
      cluster dataset manifest datasets/palmer-penguins --json > manifest.json
    """
    try:
        found = load(folder)
    except (DatasetUnusable, OSError) as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(found.encode(), nl=False)
        return
    click.echo(f"{found.slug}: {found.name}, {found.license}, {found.num_rows:,} rows")
    for file in found.files:
        click.echo(f"  {file.filename:<32} {file.size_bytes:>12,} bytes  {file.ipfs_cid}")
    click.echo(f"content   {found.root_cid}")
    click.echo(f"manifest  0x{found.sha256.hex()}")
    click.echo(f"uri       {found.uri}")
    click.echo(msgspec.json.encode(found.preview).decode() if found.preview else "no preview")
