"""The documentation says what is there: links lead somewhere; commands, targets and tests that it names exist."""

import re
import subprocess
from pathlib import Path

import click
import pytest

from cluster.chain.paths import root
from cluster.chain.protocol import CHANNELS, COLLECTOR, GOVERNOR, PROXIED
from cluster.cli import main

PAGES = sorted(
    root() / path
    for path in subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", "*.md"],
        cwd=root(),
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    ).stdout.splitlines()
)
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")
MAKE = re.compile(r"(?:^|`)make ([a-z][a-z-]*)", re.MULTILINE)
COMMAND = re.compile(r"(?:^|`|/bin/)cluster ([a-z]+(?: [a-z]+)?)", re.MULTILINE)


TEST = re.compile(r"`(test_\w+)`")
FILES = list((root() / "tests").rglob("test_*.py"))
WRITTEN = {path.stem for path in FILES} | {
    name for path in FILES for name in re.findall(r"def (test_\w+)", path.read_text())
}


def ids(page: Path) -> str:
    return str(page.relative_to(root()))


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_links_lead_to_files_that_exist(page: Path) -> None:
    targets = LINK.findall(page.read_text())
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_tests_that_are_named_exist(page: Path) -> None:
    assert [name for name in TEST.findall(page.read_text()) if name not in WRITTEN] == []


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_make_targets_exist(page: Path) -> None:
    makefile = (root() / "Makefile").read_text()
    known = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    benches = {f"bench-{path.stem}" for path in (root() / "bench").glob("*.py")}
    assert {target for target in MAKE.findall(page.read_text()) if target.strip("-")} <= known | benches


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_commands_exist(page: Path) -> None:
    for words in COMMAND.findall(page.read_text()):
        command: click.Command | None = main
        for word in words.split():
            if not isinstance(command, click.Group):
                break
            command = command.get_command(click.Context(command), word)
            assert command is not None, f"cluster {words}"


@pytest.mark.parametrize("contract", [*PROXIED, CHANNELS, COLLECTOR, GOVERNOR])
def test_every_contract_has_a_page(contract: str) -> None:
    page = (root() / "docs" / "contracts" / f"{contract}.md").read_text()
    assert page.startswith(f"# {contract}\n")
    assert "| who" in page or "ho may call what" in page
    assert "`test_" in page or "tests/" in page, "no invariant is linked to its test"
