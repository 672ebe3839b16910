"""The promise as a whole."""

from tests.contracts.promised import PROMISED
from tools.compiler import ROOT
from tools.fuzz.__main__ import machines


def test_all_machines_together_make_100_000_calls() -> None:
    assert sum(PROMISED.values()) >= 100_000


def test_every_machine_promises_and_asserts_its_calls() -> None:
    rooms = {file.split("/")[2]: (ROOT / file).read_text() for file in machines()}
    assert rooms.keys() == PROMISED.keys()
    for room, text in rooms.items():
        assert f'assert calls["transact"] - before >= PROMISED["{room}"]' in text
