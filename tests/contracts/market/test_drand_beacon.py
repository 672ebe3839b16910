"""DrandBeacon against rounds that drand published, and against the scheme in Python with keys of our own."""

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.testing import Chain, Contract, Reverted, reverts
from tests.contracts.market import drand
from tests.contracts.market.drand import EVMNET, FIELD_ELEMENTS, HASHES, ROUNDS, TestNetwork

OURS = TestNetwork(0xC0FFEE, 1_700_000_000, 7)


@pytest.fixture(scope="module")
def ground() -> Chain:
    return Chain()


@pytest.fixture
def chain(ground: Chain) -> Iterator[Chain]:
    with ground.isolated():
        yield ground


def deploy(chain: Chain, network: drand.Network) -> Contract:
    sender = chain.account("anyone")
    return chain.deploy("DrandBeacon", network.key, network.genesis, network.period, sender=sender)


@pytest.fixture
def beacon(chain: Chain) -> Contract:
    return deploy(chain, EVMNET)


@pytest.fixture(scope="module")
def reader(ground: Chain) -> Contract:
    return ground.deploy("Bn254Reader", sender=ground.account("anyone"))


@pytest.mark.parametrize("round_", ROUNDS)
def test_a_round_that_drand_published_is_taken(chain: Chain, beacon: Contract, round_: int) -> None:
    signature, randomness = (bytes.fromhex(text) for text in ROUNDS[round_])
    assert beacon.verify(round_, signature)
    assert beacon.randomnessOf(round_) == bytes(32)
    receipt = beacon.deliver(round_, signature, sender=chain.account("anyone"))
    receipt.expect("RoundDelivered", round=round_, randomness=randomness)
    assert beacon.randomnessOf(round_) == receipt.return_value == randomness == hashlib.sha256(signature).digest()
    again = beacon.deliver(round_, b"", sender=chain.account("anyone"))
    assert (again.return_value, again.events) == (randomness, [])


@pytest.mark.parametrize("round_", ROUNDS)
def test_the_hashes_on_the_way_are_the_published_ones(reader: Contract, round_: int) -> None:
    assert reader.hashToField(drand.message(round_), drand.DST) == FIELD_ELEMENTS[round_]
    assert reader.hashToG1(drand.message(round_), drand.DST) == HASHES[round_]
    assert drand.hash_to_g1(drand.message(round_)) == HASHES[round_]


def test_no_other_signature_of_a_round_is_taken(chain: Chain, beacon: Contract) -> None:
    first, later = (bytes.fromhex(ROUNDS[round_][0]) for round_ in ROUNDS)
    x, y = first[:32], int.from_bytes(first[32:])
    wrong = {
        "another round's": later,
        "the other root": x + (drand.P - y).to_bytes(32),
        "not reduced": x + (drand.P + y).to_bytes(32),
        "not on the curve": x + (y + 1).to_bytes(32),
        "infinity": bytes(64),
        "too short": first[:63],
        "too long": first + b"\0",
        "nothing": b"",
    }
    for name, signature in wrong.items():
        assert not beacon.verify(1, signature), name
        with reverts("InvalidRound", 1):
            beacon.deliver(1, signature, sender=chain.account("anyone"))
    assert beacon.randomnessOf(1) == bytes(32)


def test_too_little_gas_is_an_error_and_never_a_false(chain: Chain, beacon: Contract) -> None:
    signature = bytes.fromhex(ROUNDS[1][0])
    outcomes = set()
    for gas in range(30_000, 260_000, 2_000):
        with chain.isolated():
            try:
                receipt = chain.transact(chain.account("anyone"), beacon, beacon.verify.calldata(1, signature), gas=gas)
            except Reverted as error:
                outcomes.add(error.name)
            else:
                outcomes.add("true")
                assert receipt.return_value == (1).to_bytes(32)
    assert {"PrecompileFailed", "true"} <= outcomes <= {"PrecompileFailed", "true", "Halt", ""}


def test_a_round_is_not_taken_before_its_time(chain: Chain) -> None:
    network = TestNetwork(7, chain.time + 10, 5)
    beacon = deploy(chain, network.network)
    for round_ in (0, 1, 2):
        with reverts("RoundNotPublished", round_):
            beacon.deliver(round_, network.sign(round_), sender=chain.account("anyone"))
    chain.mine(10)
    beacon.deliver(1, network.sign(1), sender=chain.account("anyone"))
    chain.mine(4)
    with reverts("RoundNotPublished", 2):
        beacon.deliver(2, network.sign(2), sender=chain.account("anyone"))


def test_the_round_after_a_time_is_the_first_that_is_later(beacon: Contract) -> None:
    genesis, period = EVMNET.genesis, EVMNET.period
    assert (beacon.GENESIS(), beacon.PERIOD(), beacon.DST()) == (genesis, period, drand.DST)
    for time in (0, genesis - 1, *range(genesis, genesis + 3 * period + 1)):
        round_ = beacon.roundAfter(time)
        assert beacon.timeOf(round_) > time
        assert round_ == 1 or beacon.timeOf(round_ - 1) <= time


def test_a_network_without_a_key_genesis_or_period_is_none(chain: Chain) -> None:
    for key, genesis, period, error in (
        (EVMNET.key, 0, 3, "InvalidNetwork"),
        (EVMNET.key, 1, 0, "InvalidNetwork"),
        ((1, 2, 3, 4), 1, 3, "PrecompileFailed"),
        ((drand.P + 1, *EVMNET.key[1:]), 1, 3, "PrecompileFailed"),
    ):
        with reverts(error):
            deploy(chain, drand.Network(key, genesis, period))


@settings(max_examples=25)
@given(round_=st.integers(1, 10**6))
def test_rounds_of_another_key_verify_and_only_theirs(ground: Chain, round_: int) -> None:
    with ground.isolated():
        beacon = deploy(ground, OURS.network)
        signature = OURS.sign(round_)
        assert beacon.verify(round_, signature)
        assert not beacon.verify(round_ + 1, signature)
        assert not deploy(ground, EVMNET).verify(round_, signature)


EDGES = [0, 1, 2, drand.P - 1, drand.P - 2, (drand.P + 1) // 2]


def agrees(reader: Contract, u: int) -> None:
    point: Any = reader.mapToG1(u)
    assert point == drand.map_to_curve(u)
    assert reader.isOnCurve(*point)


@pytest.mark.parametrize("u", EDGES)
def test_the_map_agrees_at_its_edges(reader: Contract, u: int) -> None:
    agrees(reader, u)


@pytest.mark.parametrize("sign", [1, -1])
def test_the_map_agrees_where_its_denominator_vanishes(reader: Contract, sign: int) -> None:
    """1 − 16·u⁴ = 0: u² = ±1/4, of which +1/4 has roots."""
    agrees(reader, sign * drand.inverse(2) % drand.P)


@settings(max_examples=300)
@given(u=st.integers(0, drand.P - 1))
def test_the_map_agrees_with_its_formulas(reader: Contract, u: int) -> None:
    agrees(reader, u)


@settings(max_examples=100)
@given(msg=st.binary(min_size=32, max_size=32), dst=st.binary(min_size=1, max_size=100))
def test_the_hash_to_the_field_agrees_with_its_definition(reader: Contract, msg: bytes, dst: bytes) -> None:
    assert reader.hashToField(msg, dst) == drand.hash_to_field(msg, dst)
