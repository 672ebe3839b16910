"""The key that pays for gas is read from where only its owner can, and shown nowhere."""

from pathlib import Path

import pytest
from eth_account import Account

from offchain.facilitator.hotkey import HotKey
from offchain.service.errors import KeyUnusable

KEY = "0x" + "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318"


def key_file(folder: Path, mode: int, text: str = KEY) -> Path:
    path = folder / "hot.key"
    path.write_text(text)
    path.chmod(mode)
    return path


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_file_that_only_its_owner_can_read_is_taken(tmp_path: Path, mode: int) -> None:
    assert HotKey.load(key_file(tmp_path, mode), None).address == Account.from_key(KEY).address


@pytest.mark.parametrize("mode", [0o640, 0o620, 0o610, 0o604, 0o602, 0o601, 0o644, 0o777])
def test_a_file_that_anybody_else_can_touch_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(KeyUnusable, match=r"can be read by others .* chmod 600"):
        HotKey.load(key_file(tmp_path, mode), None)


def test_a_missing_file_a_missing_variable_and_neither_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(KeyUnusable, match="cannot be read: No such file"):
        HotKey.load(tmp_path / "none", None)
    with pytest.raises(KeyUnusable, match="NO_SUCH_KEY is not set"):
        HotKey.load(None, "NO_SUCH_KEY")
    with pytest.raises(KeyUnusable, match="no hot key: set"):
        HotKey.load(None, None)


@pytest.mark.parametrize("text", [KEY[:-1], KEY + "00", "0x" + "0" * 64, "0x" + "f" * 64, KEY.replace("4c", "zz")])
def test_what_is_no_key_is_refused_without_being_quoted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("A_BAD_KEY", text)
    for load in (lambda: HotKey.load(key_file(tmp_path, 0o600, text), None), lambda: HotKey.load(None, "A_BAD_KEY")):
        with pytest.raises(KeyUnusable) as error:
            load()
        assert text[2:20] not in str(error.value)
        assert error.value.__cause__ is None
        assert error.value.__suppress_context__, "a traceback would quote what the library said"


def test_a_key_shows_its_address_only() -> None:
    key = HotKey(Account.from_key(KEY))
    assert repr(key) == f"HotKey({key.address})"
    assert KEY[2:] not in repr(vars(key))
