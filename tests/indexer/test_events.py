"""The compiled decoders read what eth_abi reads, and refuse what it refuses."""

from typing import Any

import pytest
from eth_abi import encode
from eth_abi.codec import ABICodec
from eth_abi.decoding import UnsignedIntegerDecoder
from eth_abi.encoding import UnsignedIntegerEncoder
from eth_abi.exceptions import DecodingError
from eth_abi.registry import BaseEquals, registry
from eth_utils import keccak, to_checksum_address
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.chain import artifacts
from cluster.chain.codec import signature_of, type_of
from cluster.chain.events import EventDataError, EventDecoder, decoders, values_of
from cluster.chain.protocol import CHANNELS, GOVERNOR, PROXIED
from indexer.handlers import HANDLERS, IGNORED

ARTIFACTS = {name: "ClusterAccessManager" if name == "AccessManager" else name for name in HANDLERS}


def strict() -> ABICodec:
    """eth_abi as it is by itself: ape, once imported, lets it read integers that are not there."""
    own = registry.copy()
    own.unregister("uint")
    own.register(BaseEquals("uint"), UnsignedIntegerEncoder, UnsignedIntegerDecoder, label="uint")
    return ABICodec(own)


STRICT = strict()


def of(kind: str) -> dict[str, Any]:
    """An ABI parameter of a type such as `(uint8,string[])[2]`."""
    if not kind.startswith("("):
        return {"name": "", "type": kind}
    close = kind.rindex(")")
    return {
        "name": "",
        "type": "tuple" + kind[close + 1 :],
        "components": [of(part) for part in split(kind[1:close])],
    }


def split(inner: str) -> list[str]:
    """The parts of a tuple's type."""
    parts, depth, start = [], 0, 0
    for place, letter in enumerate(inner + ","):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            parts.append(inner[start:place])
            start = place + 1
    return parts


def values(kind: str) -> st.SearchStrategy[Any]:
    """Values of a type, as eth_abi encodes them."""
    if kind.endswith("]"):
        element, _, length = kind.rpartition("[")
        size = {"min_size": int(length[:-1]), "max_size": int(length[:-1])} if length != "]" else {"max_size": 3}
        return st.lists(values(element), **size).map(tuple)
    if kind.startswith("("):
        return st.tuples(*(values(part) for part in split(kind[1:-1])))
    if kind == "bytes":
        return st.binary(max_size=70)
    if kind == "string":
        return st.text(max_size=40)
    if kind == "bool":
        return st.booleans()
    if kind == "address":
        return st.binary(min_size=20, max_size=20).map(to_checksum_address)
    if kind.startswith("bytes"):
        length = int(kind.removeprefix("bytes"))
        return st.binary(min_size=length, max_size=length)
    bits = int(kind.removeprefix("u").removeprefix("int"))
    return st.integers(0, 2**bits - 1) if kind[0] == "u" else st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


simple = st.sampled_from(
    [
        "uint8",
        "uint256",
        "uint48",
        "int24",
        "int256",
        "bool",
        "address",
        "bytes1",
        "bytes32",
        "bytes",
        "string",
    ]
)
types = st.recursive(
    simple,
    lambda inner: st.one_of(
        inner.map(lambda kind: f"{kind}[]"),
        st.tuples(inner, st.integers(1, 3)).map(lambda pair: f"{pair[0]}[{pair[1]}]"),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: f"({','.join(parts)})"),
    ),
    max_leaves=4,
)
frames = st.lists(types, min_size=1, max_size=4)


def with_checksums(found: Any, kind: str) -> Any:
    """eth_abi's addresses are lower-case."""
    if kind.endswith("]"):
        return tuple(with_checksums(part, kind[: kind.rindex("[")]) for part in found)
    if kind.startswith("("):
        return tuple(with_checksums(p, k) for p, k in zip(found, split(kind[1:-1]), strict=True))
    return to_checksum_address(found) if kind == "address" else found


def read(kinds: list[str], data: bytes) -> tuple[tuple[Any, ...] | None, str]:
    """The values, or why there are none."""
    try:
        return values_of([of(kind) for kind in kinds])(data), ""
    except EventDataError as error:
        return None, str(error)


@given(st.data())
def test_any_values_come_back(data: st.DataObject) -> None:
    kinds = data.draw(frames)
    given_values = tuple(data.draw(values(kind)) for kind in kinds)
    assert values_of([of(kind) for kind in kinds])(encode(kinds, given_values)) == given_values


@settings(max_examples=400)
@given(st.data())
def test_damaged_data_is_read_as_eth_abi_reads_it_or_refused(data: st.DataObject) -> None:
    # As bytes: text that is no text is escaped here, and an error there.
    kinds = [kind.replace("string", "bytes") for kind in data.draw(frames)]
    good = encode(kinds, [data.draw(values(kind)) for kind in kinds])
    damage = data.draw(st.sampled_from(["cut", "word", "byte"]))
    place = data.draw(st.integers(0, len(good) - 1))
    if damage == "cut":
        bad = good[:place]
    elif damage == "byte":
        bad = good[:place] + bytes([data.draw(st.integers(0, 255))]) + good[place + 1 :]
    else:
        word = data.draw(st.sampled_from([0, 1, 31, 32, 64, 2**64, 2**255, 2**256 - 1, len(good)]))
        start = place // 32 * 32
        bad = good[:start] + word.to_bytes(32, "big") + good[start + 32 :]
    try:
        expected = STRICT.decode(kinds, bad)
    except (DecodingError, OverflowError):
        expected = None
    found, refusal = read(kinds, bad)
    if found is None:
        # eth_abi counts a tuple among the heads as one word, and so takes some offsets that point into heads.
        assert expected is None or "offset" in refusal
        return
    assert expected is not None
    assert found == tuple(with_checksums(v, k) for v, k in zip(expected, kinds, strict=True))


@given(st.lists(st.sampled_from(["string", "bytes[]", "(uint8,bytes)[]"]), min_size=1), st.binary(max_size=400))
def test_noise_is_refused_or_read_and_never_anything_else(kinds: list[str], noise: bytes) -> None:
    found, refusal = read(kinds, noise)
    assert (found is None) == bool(refusal)


def test_a_length_beyond_the_data_allocates_nothing() -> None:
    bomb = (32).to_bytes(32, "big") + (2**200).to_bytes(32, "big") + bytes(64)
    for kind in ("uint8[]", "bytes", "string", "(bytes,bytes)[]"):
        with pytest.raises(EventDataError, match="past the end"):
            values_of([of(kind)])(bomb)


def test_a_string_that_is_not_utf8_is_escaped() -> None:
    data = encode(["bytes"], [b"ab\xff\x00c"])
    assert values_of([of("string")])(data) == ("ab\\xff\x00c",)


def test_every_event_of_our_contracts_decodes_as_eth_abi_decodes_it() -> None:
    count = 0
    for artifact in ARTIFACTS.values():
        for entry in artifacts.load(artifact).abi:
            if entry["type"] != "event":
                continue
            count += 1
            inputs = entry["inputs"]
            example = [_example(part) for part in inputs]
            topics, expected, body = [keccak(text=signature_of(entry))], {}, []
            for part, value in zip(inputs, example, strict=True):
                expected[part["name"]] = value
                if not part["indexed"]:
                    body.append((type_of(part), value))
                elif part["type"] == "string":
                    expected[part["name"]] = keccak(text=value)
                    topics.append(expected[part["name"]])
                else:
                    topics.append(encode([part["type"]], [value]))
            data = encode([kind for kind, _ in body], [value for _, value in body])
            assert EventDecoder(entry).decode(topics, data) == expected
    assert count > 150


def _example(part: dict[str, Any]) -> Any:
    kind = part["type"]
    if kind.endswith("[]"):
        return (_example({**part, "type": kind[:-2]}),) * 2
    if kind == "tuple":
        return tuple(_example(inner) for inner in part["components"])
    fixed = {
        "address": to_checksum_address("0x" + "5a" * 20),
        "bool": True,
        "string": "täxt",
        "bytes": b"\x01" * 36,
    }
    if kind in fixed:
        return fixed[kind]
    return b"\x07" * int(kind[5:]) if kind.startswith("bytes") else 77


def test_events_that_share_a_topic_are_told_apart_by_what_is_indexed() -> None:
    def transfer(third_indexed: bool) -> dict[str, Any]:
        inputs = [{"name": n, "type": t, "indexed": True} for n, t in (("from", "address"), ("to", "address"))]
        third = {"name": "id" if third_indexed else "value", "type": "uint256", "indexed": third_indexed}
        return {"type": "event", "name": "Transfer", "inputs": [*inputs, third]}

    known = decoders([transfer(False), transfer(True)])
    topic = keccak(text="Transfer(address,address,uint256)")
    word = (9).to_bytes(32, "big")
    assert known[topic, 3].decode([topic, word, word], word)["value"] == 9
    assert known[topic, 4].decode([topic, word, word, word], b"")["id"] == 9
    with pytest.raises(EventDataError, match="3 topics"):
        known[topic, 4].decode([topic, word, word], word)


def test_every_event_of_our_contracts_is_handled_or_knowingly_left() -> None:
    assert {*PROXIED, "AccessManager", CHANNELS, GOVERNOR} == HANDLERS.keys()
    for contract, artifact in ARTIFACTS.items():
        events = {entry["name"] for entry in artifacts.load(artifact).abi if entry["type"] == "event"}
        assert HANDLERS[contract].keys() | IGNORED[contract] == events
        assert not HANDLERS[contract].keys() & IGNORED[contract]
