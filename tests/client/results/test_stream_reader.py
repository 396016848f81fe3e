"""Streamed answers: the pieces as they come, the result, and every way in which the end can be missing."""

import json
from typing import Any

import pytest

from tests.client.response_samples import API, KEY, MIXED, choice, image, link, words
from wanlib import errors
from wanlib.client.results.result import CallContext, Picture, Text
from wanlib.client.results.stream_reader import StreamReader


def event(body: Any, name: str = "result") -> bytes:
    return f"id:1\nevent:{name}\n:HTTP_STATUS/200\ndata:{json.dumps(body, ensure_ascii=False)}\n\n".encode()


def chunk(part: dict[str, Any], count: int, reason: str = "null", finished: bool = True) -> bytes:
    usage = {"image_count": count, "size": "1280*1280" if count else "0*0"}
    output = {"choices": [choice(part, reason=reason)], "finished": finished}
    return event({"output": output, "usage": usage, "request_id": "req-s"})


def story(finished: bool = True) -> list[bytes]:
    """One part a chunk; `finished` is true in all of them on the wire, and in the SDK's dumps in none."""
    return [
        chunk(words("Wash "), 0, finished=finished),
        chunk(words("the rice."), 0, finished=finished),
        chunk(image("a"), 1, finished=finished),
        chunk(words("Cook"), 1, finished=finished),
        chunk(words(" it."), 1, finished=finished),
        chunk(image("b"), 2, finished=finished),
        chunk(image("c"), 3, finished=finished),
        chunk(words("Eat."), 3, "stop", finished=finished),
    ]


PIECES = [
    Text("Wash "), Text("the rice."), Picture(link("a"), 0), Text("Cook"), Text(" it."),
    Picture(link("b"), 0), Picture(link("c"), 0), Text("Eat."),
]  # fmt: skip
WHOLE = (
    Text("Wash the rice."), Picture(link("a"), 0), Text("Cook it."),
    Picture(link("b"), 0), Picture(link("c"), 0), Text("Eat."),
)  # fmt: skip


@pytest.mark.parametrize("finished", [True, False])
def test_pieces_come_in_order_and_text_is_joined_at_the_end(finished: bool) -> None:
    reader = StreamReader(API, MIXED, CallContext(requested=5))
    assert [piece for each in story(finished) for piece in reader.feed(each)] == PIECES
    result = reader.finish()
    assert result.parts == reader.parts == WHOLE
    assert result.usage == {"image_count": 3, "size": "1280*1280"}
    assert (result.request_id, result.requested, result.is_incomplete) == ("req-s", 5, False)
    assert result.raw["output"]["choices"][0]["message"]["content"][1] == image("a")


def test_every_cut_of_the_bytes_gives_the_same() -> None:
    stream = b"".join(story())
    for size in (1, 2, 7, 64, 1000):
        reader = StreamReader(API, MIXED)
        cuts = [stream[at : at + size] for at in range(0, len(stream), size)]
        assert [piece for each in cuts for piece in reader.feed(each)] == PIECES
        assert reader.finish().parts == WHOLE


@pytest.mark.parametrize("at", range(8))
def test_a_stream_that_closes_early_is_unknown_with_its_parts(at: int) -> None:
    reader = StreamReader(API, MIXED, sent_at=5.0)
    for each in story()[:at]:
        reader.feed(each)
    with pytest.raises(errors.OutcomeUnknownError, match="its end never came") as caught:
        reader.finish()
    error = caught.value
    assert (error.model, error.sent_at, error.parts) == ("wan2.6-image", 5.0, reader.parts)
    assert error.request_id == ("req-s" if at else None)
    assert len(error.parts) == [0, 1, 1, 2, 3, 3, 4, 5][at]
    assert KEY not in str(error) + repr(error.parts)


def test_the_last_event_counts_only_with_its_blank_line() -> None:
    reader = StreamReader(API, MIXED)
    reader.feed(b"".join(story())[:-1])
    with pytest.raises(errors.OutcomeUnknownError):
        reader.finish()


def test_an_event_that_cannot_be_read_leaves_the_outcome_unknown() -> None:
    reader = StreamReader(API, MIXED)
    reader.feed(story()[0] + b'data: {"output": {"choi\n\n' + story()[-1])
    with pytest.raises(errors.OutcomeUnknownError, match="can't be read") as caught:
        reader.finish()
    assert caught.value.parts == (Text("Wash Eat."),)


def test_marks_of_no_meaning_are_let_pass() -> None:
    reader = StreamReader(API, MIXED)
    reader.feed(
        b": ping\n\ndata\n\n" + b"".join(story()) + event({"usage": {"image_count": 9}}) + b"data: [DONE]\n\n"
    )
    result = reader.finish()
    assert result.parts == WHOLE
    assert result.usage == {"image_count": 9}


def test_a_chunk_without_usage_leaves_the_last_one() -> None:
    reader = StreamReader(API, MIXED)
    last = {"output": {"choices": [choice(words("end"))]}, "usage": None, "request_id": "r"}
    reader.feed(story()[2] + event(last))
    assert reader.finish().usage == {"image_count": 1, "size": "1280*1280"}


@pytest.mark.parametrize("name", ["error", "result", "message"])
def test_an_error_event_is_the_error_that_it_states(name: str) -> None:
    refusal = {
        "code": "DataInspectionFailed",
        "message": "Output data is inappropriate.",
        "request_id": "req-e",
    }
    reader = StreamReader(API, MIXED)
    with pytest.raises(errors.ContentModerationError) as caught:
        reader.feed(event(refusal, name))
    assert (caught.value.code, caught.value.request_id) == ("DataInspectionFailed", "req-e")
    with pytest.raises(errors.ContentModerationError):
        reader.feed(story()[0])
    with pytest.raises(errors.ContentModerationError):
        reader.finish()


def test_an_error_event_without_a_code_is_an_error_all_the_same() -> None:
    with pytest.raises(errors.ServiceError, match="boom"):
        StreamReader(API, MIXED).feed(event({"message": "boom"}, "error"))


def test_parts_before_an_error_in_the_same_bytes_are_kept() -> None:
    reader = StreamReader(API, MIXED)
    broken = event({"code": "InternalError", "message": "m", "request_id": "r"}, "error")
    assert reader.feed(story()[2] + broken + story()[5]) == [Picture(link("a"), 0)]
    with pytest.raises(errors.ServiceError):
        reader.finish()
    assert reader.parts == (Picture(link("a"), 0),)
