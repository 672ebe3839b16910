"""Payment headers are written by strangers."""

import base64
import json
import os
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.chain.eip3009 import Authorization, Domain, sign
from offchain.facilitator.errors import Refused
from offchain.facilitator.payment import MAX_HEADER_BYTES, Payment, parse_header
from tests.relay.payments import payload

PAYER, PAYEE, TOKEN = ("0x" + digit * 40 for digit in "123")
GOOD = payload(
    Authorization(PAYER, PAYEE, 5, 0, 1 << 40, b"\x07" * 32),
    b"\x01" * 64 + b"\x1b",
    {
        "scheme": "exact",
        "network": "eip155:31337",
        "asset": TOKEN,
        "amount": "5",
        "payTo": PAYEE,
        "maxTimeoutSeconds": 60,
        "extra": {},
    },
)


def header(data: bytes) -> str:
    return base64.b64encode(data).decode()


def with_field(name: str, value: str) -> str:
    """A good header but for one field of its authorization, as raw JSON."""
    text = json.dumps(GOOD)
    old = json.dumps(GOOD["payload"]["authorization"][name])
    return header(text.replace(f'"{name}": {old}', f'"{name}": {value}').encode())


def test_a_good_header_is_read_as_it_was_written() -> None:
    payment = parse_header(header(json.dumps(GOOD).encode()))
    assert (payment.version, payment.payer, payment.authorization.value) == (2, PAYER, 5)
    assert (payment.nonce, payment.signature) == (b"\x07" * 32, b"\x01" * 64 + b"\x1b")


NO_NUMBERS = ["NaN", "Infinity", "1e300", "1.5", "-1", "true", "null", "[]", '"1e3"', '"-1"', '" 5"', '"5\\n"', '"0x5"']
NO_NUMBERS += ['"\\u0665"', str(1 << 256), f'"{1 << 256}"', "9" * 5000, f'"{"9" * 5000}"']


@pytest.mark.parametrize("value", NO_NUMBERS)
@pytest.mark.parametrize("name", ["value", "validAfter", "validBefore"])
def test_a_number_that_no_uint256_writes_is_refused(name: str, value: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_header(with_field(name, value))
    assert refused.value.code == "payment_malformed"


@pytest.mark.parametrize("depth", [201, 5_000])
@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_deep_nesting_is_refused_and_does_not_overflow_the_stack(opening: str, depth: int) -> None:
    with pytest.raises(Refused) as refused:
        parse_header(header((opening * depth).encode())[:MAX_HEADER_BYTES])
    assert refused.value.code == "payment_malformed"


def test_of_a_field_written_twice_the_last_counts_everywhere() -> None:
    """What is verified is what is kept and settled: nothing reads the raw text a second time."""
    text = json.dumps(GOOD).replace('"value": "5"', '"value": "1", "value": "5"')
    payment = parse_header(header(text.encode()))
    assert payment.authorization.value == 5
    assert payment.payload["payload"]["authorization"]["value"] == "5"


def test_an_oversize_header_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(Refused, match=f"at most {MAX_HEADER_BYTES} are read"):
        parse_header("A" * (MAX_HEADER_BYTES + 1))


def read(value: str) -> Payment | Refused:
    try:
        return parse_header(value)
    except Refused as refused:
        return refused


places = st.sampled_from([
    ("x402Version",), ("accepted",), ("accepted", "scheme"), ("accepted", "network"), ("accepted", "extra"),
    ("payload",), ("payload", "signature"), ("payload", "authorization"),
    *(("payload", "authorization", name) for name in GOOD["payload"]["authorization"]),
])  # fmt: skip
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=70) | st.just("0x" + "ab" * 32),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(places, values), min_size=1, max_size=3))
def test_any_payload_is_a_payment_or_a_refusal(changes: list[tuple[tuple[str, ...], Any]]) -> None:
    found: Any = json.loads(json.dumps(GOOD))
    for path, value in changes:
        holder: Any = found
        for name in path[:-1]:
            holder = holder[name] if isinstance(holder, dict) and name in holder else {}
        if isinstance(holder, dict):
            holder[path[-1]] = value
    answer = read(header(json.dumps(found).encode()))
    if isinstance(answer, Payment):
        assert 0 <= answer.authorization.value < 1 << 256
        assert len(answer.nonce) == 32
        assert answer.version in (1, 2)
        answer.authorization.digest(Domain("USD Coin", "2", 1, TOKEN))
    else:
        assert answer.code in ("payment_malformed", "payment_unsupported")


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200) | st.binary(max_size=200).map(header))
def test_any_header_is_a_payment_or_a_refusal(value: str) -> None:
    assert isinstance(read(value), Refused)


def test_a_wallets_v_of_0_or_1_is_written_as_the_tokens_want_it() -> None:
    key, domain = os.urandom(32), Domain("USD Coin", "2", 1, TOKEN)
    found = Authorization(PAYER, PAYEE, 5, 0, 1 << 40, b"\x07" * 32)
    signature = sign(found.digest(domain), key)
    low = signature[:64] + bytes([signature[64] - 27])
    changed = {**GOOD, "payload": {**GOOD["payload"], "signature": "0x" + low.hex()}}
    assert parse_header(header(json.dumps(changed).encode())).signature == signature
