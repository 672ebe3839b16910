"""Server-sent events are cut apart the same way however they arrive."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from offchain.relay.sse import DONE, MAX_EVENT_BYTES, Meter, StreamBroken, data_of, events, is_done

CHUNK = b'data: {"choices": [{"delta": {"content": "hi"}}]}'


def cut(stream: bytes, places: list[int]) -> list[bytes]:
    """The events of a stream that arrives in pieces."""

    async def pieces() -> AsyncIterator[bytes]:
        start = 0
        for place in sorted(place % (len(stream) + 1) for place in places):
            yield stream[start:place]
            start = place
        yield stream[start:]

    async def collect() -> list[bytes]:
        return [event async for event in events(pieces())]

    return asyncio.run(collect())


lines = st.sampled_from(
    [b"data: a", b"data:b", b": comment", b"event: x", b"id: 7", CHUNK, b"data: [DONE]", b"data: \xc3\xa9"]
)
blocks = st.lists(st.lists(lines, min_size=1, max_size=3), min_size=1, max_size=5)


@given(blocks, st.sampled_from([b"\n", b"\r\n", b"\r"]), st.lists(st.integers(0, 1000), max_size=8))
@example([[b"data: a"], [b"data:b"]], b"\r\n", [8, 10])
def test_events_are_the_same_wherever_the_stream_is_cut_and_however_lines_end(
    found: list[list[bytes]], ending: bytes, places: list[int]
) -> None:
    stream = b"".join(ending.join(block) + 2 * ending for block in found)
    # A CR at the end might be half a line ending: the last event is held back until more comes, or the stream ends.
    expected = [b"\n".join(block) + b"\n\n" for block in found]
    assert cut(stream + (b": end" if ending == b"\r" else b""), places) == expected


def test_half_an_event_at_the_end_is_dropped_unless_it_is_the_end_itself() -> None:
    assert cut(CHUNK + b"\n\n" + CHUNK[:-5], []) == [CHUNK + b"\n\n"]
    assert cut(b"data: [DONE]", []) == [DONE]
    assert cut(b"data:[DONE]\r\n", [3]) == [DONE]


def test_an_event_without_end_is_not_kept_for_ever() -> None:
    with pytest.raises(StreamBroken, match="above"):
        cut(b"x" * (MAX_EVENT_BYTES + 1), [])


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (b"data: a\n\n", b"a"),
        (b"data:a\n\n", b"a"),
        (b"data: a\ndata: b\n\n", b"a\nb"),
        (b"event: x\nid: 1\ndata: a\n\n", b"a"),
        (b": comment\n\n", b""),
        (b"database\n\n", b""),
    ],
)
def test_what_an_event_says(event: bytes, said: bytes) -> None:
    assert data_of(event) == said


def test_only_done_is_done() -> None:
    assert is_done(b"data: [DONE]\n\n")
    assert is_done(b"event: end\ndata:[DONE]\n\n")
    assert not is_done(b'data: "[DONE]"\n\n')
    assert not is_done(b": [DONE]\n\n")


USAGE = b'data: {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 5}}\n\n'


def test_usage_is_passed_on_only_to_who_asked_and_counted_either_way() -> None:
    for wanted in (True, False):
        meter = Meter(wanted)
        assert (meter.see(USAGE) is not None) is wanted
        assert meter.tokens(99) == (3, 5, "provider")


def test_without_usage_chunks_are_counted_and_comments_are_not() -> None:
    meter = Meter(False)
    for event in (CHUNK + b"\n\n", b": keep-alive\n\n", CHUNK + b"\n\n"):
        assert meter.see(event) == event
    assert meter.tokens(99) == (99, 2, "relay")


@pytest.mark.parametrize(
    "event",
    [b'data: {"error": {"message": "boom"}}\n\n', b'data: {"usage": 7}\n\n', b'data: "usage"\n\n', b'data: {"error"'],
)
def test_an_event_that_reports_an_error_or_is_no_chunk_breaks_the_stream(event: bytes) -> None:
    with pytest.raises(StreamBroken):
        Meter(False).see(event)


def test_an_answer_that_talks_of_errors_and_usage_is_an_answer() -> None:
    meter = Meter(False)
    said = b'data: {"choices": [{"delta": {"content": "\\"error\\": \\"usage\\""}}], "usage": null, "error": null}\n\n'
    assert meter.see(said) == said
