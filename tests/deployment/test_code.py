"""Deployed code is compared with compiled code, immutables aside."""

from hypothesis import given
from hypothesis import strategies as st

from cluster.chain import artifacts
from deployment import code

PUSH32 = bytes([0x7F])
HOLE = PUSH32 + bytes(32)
STOP = b"\x00"


def test_the_same_code_matches() -> None:
    assert code.matches(b"\x60\x01\x00", b"\x60\x01\x00")


def test_nothing_matches_no_code() -> None:
    assert not code.matches(b"", b"")
    assert not code.matches(b"\x00", b"")


def test_another_length_does_not_match() -> None:
    assert not code.matches(b"\x60\x01", b"\x60\x01\x00")


@given(st.binary(min_size=32, max_size=32))
def test_an_immutable_may_be_anything(value: bytes) -> None:
    assert code.matches(STOP + HOLE + STOP, STOP + PUSH32 + value + STOP)


def test_code_around_an_immutable_may_not() -> None:
    filled = PUSH32 + b"\x11" * 32
    assert not code.matches(STOP + HOLE + STOP, STOP + filled + b"\x01")
    assert not code.matches(STOP + HOLE + STOP, b"\x01" + filled + STOP)


def test_a_constant_that_is_not_zero_must_be_kept() -> None:
    constant = PUSH32 + b"\x11" * 32
    assert not code.matches(constant, PUSH32 + b"\x22" * 32)


def test_zeros_inside_another_operand_are_no_hole() -> None:
    # PUSH2 0x7f00, then zeros that look like the rest of a PUSH32 to who does not follow the operands.
    compiled = b"\x61\x7f\x00" + bytes(31)
    changed = b"\x61\x7f\x00" + bytes(30) + b"\x01"
    assert not code.matches(compiled, changed)


def test_every_immutable_of_the_contracts_is_a_hole_and_nothing_else() -> None:
    for name, immutables in {"ClusterToken": 0, "DatasetRegistry": 1, "PaymentRouter": 2}.items():
        runtime = artifacts.load(name).runtime
        filled = runtime.replace(HOLE, PUSH32 + b"\x11" * 32)
        assert code.matches(runtime, filled), name
        # UUPSUpgradeable's own address is one more, in each.
        assert runtime.count(HOLE) >= immutables + 1, name
        assert not code.matches(runtime, filled[:-1] + bytes([filled[-1] ^ 1])), name
