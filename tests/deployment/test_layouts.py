"""A contract may take another's place only if it keeps what that has in storage where it is."""

import json
import re
import shutil
from pathlib import Path

import pytest
from eth_utils import keccak

from cluster.chain.paths import root
from cluster.chain.roles import FUNCTIONS
from deployment import layout
from deployment.errors import DeploymentError
from tools import storage_layouts

NAMESPACED = [f for f in sorted((root() / "contracts").rglob("*.sol")) if "@custom:storage-location" in f.read_text()]

HEAD = """// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;
import {ClusterUpgradeable} from "../access/ClusterUpgradeable.sol";
import {PausableUpgradeable} from "@openzeppelin/contracts-upgradeable/utils/PausableUpgradeable.sol";
"""
PAUSABLE = "ClusterUpgradeable, PausableUpgradeable"
FIELDS = (
    "address treasury;",
    "uint64 sum; uint64 count;",
    "mapping(address => uint256) owed;",
    "mapping(uint256 => Entry) entries;",
)
ENTRY = "struct Entry { uint128 price; bool listed; }"


def vault(
    name: str,
    fields: tuple[str, ...] = FIELDS,
    entry: str = ENTRY,
    namespace: str = "cluster.storage.Vault",
    bases: str = PAUSABLE,
    body: str = "",
) -> str:
    """A small contract in the shape of ours."""
    return f"""{HEAD}
contract {name} is {bases} {{
    {entry}
    /// @custom:storage-location erc7201:{namespace}
    struct VaultStorage {{ {" ".join(fields)} }}
    {body}
    function initialize(address authority) external initializer {{ __AccessManaged_init(authority); }}
}}
"""


FIRST, SUMS, OWED, ENTRIES = FIELDS
NEXT: dict[str, tuple[str, str]] = {
    "Unchanged": (vault("Unchanged"), ""),
    "FieldAppended": (vault("FieldAppended", (*FIELDS, "uint256 added;")), ""),
    "NamespaceAdded": (
        vault(
            "NamespaceAdded",
            body="/// @custom:storage-location erc7201:cluster.storage.Added\nstruct AddedStorage { uint256 added; }",
        ),
        "",
    ),
    "EntryAppended": (vault("EntryAppended", entry="struct Entry { uint128 price; bool listed; uint256 added; }"), ""),
    "Reordered": (vault("Reordered", (FIRST, SUMS, ENTRIES, OWED)), "Upgraded `owed`|Renamed `owed`|Deleted `owed`"),
    "PackedReordered": (vault("PackedReordered", (FIRST, "uint64 count; uint64 sum;", OWED, ENTRIES)), "`sum`"),
    "Inserted": (vault("Inserted", ("uint256 inserted;", *FIELDS)), "Inserted `inserted`"),
    "Deleted": (vault("Deleted", (FIRST, SUMS, ENTRIES)), "Deleted `owed`"),
    "Retyped": (vault("Retyped", (FIRST, SUMS, "mapping(address => uint128) owed;", ENTRIES)), "Upgraded `owed`"),
    "Renamed": (vault("Renamed", (FIRST, SUMS, OWED.replace("owed", "debts"), ENTRIES)), "Renamed `owed` to `debts`"),
    "EntryReordered": (vault("EntryReordered", entry="struct Entry { bool listed; uint128 price; }"), "entries"),
    "NamespaceMoved": (
        vault("NamespaceMoved", namespace="cluster.storage.Vault2"),
        "Deleted namespace `erc7201:cluster.storage.Vault`",
    ),
    "BaseLost": (
        vault("BaseLost", bases="ClusterUpgradeable"),
        "Deleted namespace `erc7201:openzeppelin.storage.Pausable`",
    ),
}
UNSAFE: dict[str, tuple[str, str]] = {
    "SelfDestructs": (
        vault("SelfDestructs", body="function end() external { selfdestruct(payable(msg.sender)); }"),
        "Use of selfdestruct is not allowed",
    ),
    "InitialValue": (
        vault("InitialValue", body="uint256 public plain = 1;"),
        "Variable `plain` is assigned an initial value",
    ),
    "Constructed": (
        vault("Constructed", body="uint256 public plain; constructor() { plain = 1; }"),
        "has a constructor",
    ),
    "NotUups": (
        HEAD + "contract NotUups is PausableUpgradeable { function initialize() external initializer {} }",
        "Implementation is missing a public `upgradeTo",
    ),
}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout with the contracts above, and with a router whose currencies and purchases have changed places."""
    folder: Path = tmp_path_factory.mktemp("checkout")
    shutil.copytree(root() / "contracts", folder / "contracts")
    (folder / "node_modules").symlink_to(root() / "node_modules")
    shutil.copy(root() / "package.json", folder)
    (folder / "contracts" / "planted").mkdir()
    for name, (text, _) in {"Vault": (vault("Vault"), ""), **NEXT, **UNSAFE}.items():
        (folder / planted(name)).write_text(text)
    router = (folder / "contracts/payments/PaymentRouter.sol").read_text()
    start, end = (
        router.index("struct PaymentRouterStorage {"),
        router.index("}", router.index("struct PaymentRouterSt")),
    )
    lines = router[start:end].rstrip().split("\n")
    lines[-2:] = reversed(lines[-2:])
    swapped = router[:start] + "\n".join(lines) + "\n    " + router[end:]
    swapped = swapped.replace("contract PaymentRouter is", "contract PaymentRouterSwapped is")
    (folder / "contracts/payments/PaymentRouterSwapped.sol").write_text(swapped)
    return folder


def planted(name: str) -> str:
    return f"contracts/planted/{name}.sol"


@pytest.fixture(scope="module")
def checked(checkout: Path) -> dict[str, layout.Found]:
    """All of them: the vaults compared with `Vault`, the router with the committed layout."""
    with layout.reading({"Vault": planted("Vault")}, folder=checkout) as begun:
        original = begun.result()["Vault"].layout
    originals = dict.fromkeys((*NEXT, *UNSAFE), original)
    sources = {name: planted(name) for name in originals}
    originals["PaymentRouterSwapped"] = storage_layouts.committed(storage_layouts.FOLDER)["PaymentRouter"]
    sources["PaymentRouterSwapped"] = "contracts/payments/PaymentRouterSwapped.sol"
    # As they are kept in files.
    originals = json.loads(layout.text_of(originals))
    with layout.reading(sources, originals, checkout) as begun:
        return begun.result()


@pytest.mark.parametrize("name", NEXT)
def test_a_change_is_refused_unless_it_keeps_everything_in_its_place(
    checked: dict[str, layout.Found], name: str
) -> None:
    refusal, found = NEXT[name][1], checked[name]
    assert found.unsafe == ""
    assert bool(found.incompatible) == bool(refusal), found.incompatible
    assert re.search(refusal, found.incompatible), found.incompatible


def test_the_router_may_not_swap_two_fields_of_its_namespace(checked: dict[str, layout.Found]) -> None:
    found = checked["PaymentRouterSwapped"]
    assert "`accepted`" in found.incompatible
    assert storage_layouts.compare({"PaymentRouter": found}, {"PaymentRouter": {}})[0].startswith(
        "PaymentRouter does not keep what the last release has in storage where it is"
    )


@pytest.mark.parametrize("name", UNSAFE)
def test_what_must_not_run_behind_a_proxy_is_refused(checked: dict[str, layout.Found], name: str) -> None:
    assert UNSAFE[name][1] in checked[name].unsafe
    with pytest.raises(DeploymentError, match=f"{name} must not run behind a proxy"):
        layout.require_safe(name, checked[name])


def test_sources_that_do_not_compile_are_a_sentence(checkout: Path) -> None:
    (checkout / planted("Broken")).write_text("contract Broken {")
    with (
        layout.reading({"Broken": planted("Broken")}, folder=checkout) as begun,
        pytest.raises(DeploymentError, match=r"storage layouts can't be read from the sources:\n(.*\n)*.*ParserError"),
    ):
        begun.result()


def test_the_committed_layouts_are_those_of_the_sources() -> None:
    accepted = storage_layouts.committed(storage_layouts.FOLDER)
    with layout.reading(layout.sources_of(FUNCTIONS), accepted) as begun:
        assert storage_layouts.compare(begun.result(), accepted) == []
    assert set(accepted) == set(FUNCTIONS)


def test_a_change_that_an_upgrade_can_take_has_to_be_committed(checked: dict[str, layout.Found]) -> None:
    found = {name: checked[name] for name in ("Unchanged", "FieldAppended")}
    accepted = {"Unchanged": found["Unchanged"].layout, "FieldAppended": found["Unchanged"].layout, "Old": {}}
    changed, gone = storage_layouts.compare(found, accepted)
    assert changed.startswith("FieldAppended's storage layout changed, in a way that an upgrade can take: run `make")
    assert gone == "storage-layouts/Old.json is of no upgradeable contract: delete it"
    (missing,) = storage_layouts.compare({"Unchanged": found["Unchanged"]}, {})
    assert missing == "Unchanged has no committed storage layout: run `make storage-layouts` and commit it"


def test_what_is_written_is_what_is_compared_with(checked: dict[str, layout.Found], tmp_path: Path) -> None:
    found = {"Unchanged": checked["Unchanged"]}
    storage_layouts.write(found, tmp_path)
    assert storage_layouts.compare(found, storage_layouts.committed(tmp_path)) == []


@pytest.mark.parametrize("source", NAMESPACED, ids=lambda source: source.stem)
def test_each_namespace_is_where_its_name_says(source: Path) -> None:
    """The constants in the sources, which the compiler can't check, are the ERC-7201 slots of the names beside them."""
    text = source.read_text()
    names = re.findall(r"@custom:storage-location erc7201:([\w.]+)", text)
    said = re.findall(r'abi\.encode\(uint256\(keccak256\("([\w.]+)"\)\) - 1\)', text)
    slots = re.findall(r"_LOCATION =\s*(0x[0-9a-f]{64});", text)
    assert names == said
    assert [erc7201(name) for name in names] == [int(slot, 16) for slot in slots] != []


def erc7201(name: str) -> int:
    inner = int.from_bytes(keccak(text=name)) - 1
    return int.from_bytes(keccak(inner.to_bytes(32))) & ~0xFF
