"""Server-sent events by the rules of the standard, however the bytes are cut."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wanlib.client.results.stream_reader import ServerSentEvent, SseDecoder

STREAM = (
    '\ufeffid:1\nevent:result\n:HTTP_STATUS/200\ndata:{"a":"日本"}\n\n'
    "data: two\r\ndata:  lines\r\n\r\n: a comment alone\r\rid: 7\rdata\r\r"
    "event: empty\n\nretry: 10\nunknown: x\ndata: after\n\n"
).encode()
EVENTS = [
    ServerSentEvent("result", '{"a":"日本"}', "1"),
    ServerSentEvent("message", "two\n lines", "1"),
    ServerSentEvent("message", "", "7"),
    ServerSentEvent("message", "after", "7"),
]


def read(*chunks: bytes) -> list[ServerSentEvent]:
    events = SseDecoder()
    return [event for chunk in chunks for event in events.feed(chunk)]


def test_fields_comments_marks_and_line_ends() -> None:
    assert read(STREAM) == EVENTS


def test_every_byte_alone_and_every_cut_in_two() -> None:
    assert read(*(bytes([byte]) for byte in STREAM)) == EVENTS
    for at in range(len(STREAM) + 1):
        assert read(STREAM[:at], b"", STREAM[at:]) == EVENTS, at


@settings(max_examples=200)
@given(
    st.text("da\nt:e \rvidn0\ufeff\0é", max_size=60).map(str.encode) | st.binary(max_size=60),
    st.lists(st.integers(0, 60), max_size=6),
)
def test_the_cuts_never_matter(stream: bytes, cuts: list[int]) -> None:
    at = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    pieces = [stream[start:end] for start, end in pairwise(at)]
    assert read(*pieces) == read(stream)


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        (b"data: x\n", []),
        (b"data: x", []),
        (b"data: x\r\n\r\n\r\n\n", [ServerSentEvent("message", "x", "")]),
        (b"data: x\r\r\n", [ServerSentEvent("message", "x", "")]),
        (b"event: e\n\ndata: x\n\n", [ServerSentEvent("message", "x", "")]),
        (b"id: a\0b\ndata: x\n\n", [ServerSentEvent("message", "x", "")]),
        (
            b"id: 1\ndata: x\n\nid\ndata: y\n\n",
            [ServerSentEvent("message", "x", "1"), ServerSentEvent("message", "y", "")],
        ),
        (b"data:\xff\n\n", [ServerSentEvent("message", "\ufffd", "")]),
        (b"data: a\ndata: b\n\n", [ServerSentEvent("message", "a\nb", "")]),
        (b"data:a:b: c\n\n", [ServerSentEvent("message", "a:b: c", "")]),
        (b"\xef\xbb\xbf\xef\xbb\xbfdata: x\n\n", []),
        (b" data: x\n\n", []),
    ],
)
def test_corners(stream: bytes, events: list[ServerSentEvent]) -> None:
    assert read(stream) == events
