"""Streams: an error event, an end that is missing, a cut, an idle line; the prices."""

import json
from typing import Any

import httpx
import pytest

from tests.client.client_fixture import World
from tests.client.response_samples import choice, choices, image, link, refusal, reply, words
from tests.client.service import MIXED
from tests.support.api_facts import price_of
from wanlib import errors
from wanlib.client.results.result import Picture, Text


def chunk(part: dict[str, Any], reason: str = "null", count: int = 0) -> bytes:
    body = {
        "output": {"choices": [choice(part, reason=reason)], "finished": True},
        "usage": {"image_count": count},
        "request_id": "req-s",
    }
    return b"data: " + json.dumps(body).encode() + b"\n\n"


WORDS, PICTURE, LAST = chunk(words("Wash ")), chunk(image("a"), count=1), chunk(words("Eat."), "stop", 1)
ERROR = b'event: error\ndata: {"code":"DataInspectionFailed","message":"No.","request_id":"req-s"}\n\n'


def streamed(*chunks: bytes) -> Any:
    return reply(b"".join(chunks), content_type="text/event-stream;charset=UTF-8")


def begin(world: World, wan: Any = None, **given: Any) -> Any:
    return world.do((wan or world.wan).stream(MIXED, "A story", **{"max_images": 2, **given}))


def test_the_parts_come_in_order_and_the_result_at_the_end(world: World) -> None:
    world.service.on("create", streamed(WORDS, PICTURE, LAST))
    stream = begin(world)
    with pytest.raises(errors.UsageError, match="no result yet"):
        _ = stream.result
    assert world.all(stream) == [Text("Wash "), Picture(link("a"), 0), Text("Eat.")]
    assert (stream.result.text, len(stream.result.images)) == ("Wash \nEat.", 1)
    assert world.wan.spent == stream.result.spent.amount
    (seen,) = world.service.seen
    assert (seen.headers["x-dashscope-sse"], seen.headers["accept"]) == ("enable", "text/event-stream")
    assert seen.json()["parameters"] == {"enable_interleave": True, "stream": True, "max_images": 2, "n": 1}


def test_an_error_event_is_raised(world: World) -> None:
    """Row `SSE error event`: yielded as a response, no exception."""
    world.service.on("create", streamed(ERROR))
    wan = world.client(budget=price_of(MIXED, 2))
    with pytest.raises(errors.ContentModerationError) as caught:
        world.all(begin(world, wan))
    assert (caught.value.code, caught.value.request_id, wan.spent) == ("DataInspectionFailed", "req-s", 0)


def test_parts_before_an_error_event_may_be_billed(world: World) -> None:
    world.service.on("create", streamed(WORDS, PICTURE, ERROR))
    wan = world.client(budget=price_of(MIXED, 2))
    parts: list[Any] = []
    stream = begin(world, wan)
    with pytest.raises(errors.ContentModerationError):
        world.do(_into(parts, stream)) if world.kind == "async" else parts.extend(stream)
    assert wan.spent == price_of(MIXED, 2)


async def _into(parts: list[Any], stream: Any) -> None:
    async for part in stream:
        parts.append(part)


@pytest.mark.parametrize(
    "answer",
    [
        streamed(WORDS, PICTURE),
        streamed(WORDS, PICTURE, LAST[:-20]),
        streamed(WORDS, PICTURE, b"data: {broken\n\n", LAST),
    ],
    ids=["no end", "half an end", "an event that can't be read"],
)
def test_a_missing_end_is_reported_with_the_parts(world: World, answer: Any) -> None:
    """Row `SSE ends before finished:true`: no error, looks complete."""
    world.service.on("create", answer)
    with pytest.raises(errors.OutcomeUnknownError) as caught:
        world.all(begin(world))
    assert caught.value.parts[:2] == (Text("Wash "), Picture(link("a"), 0))
    assert (caught.value.model, caught.value.request_id) == (MIXED, "req-s")
    assert world.service.count("create") == 1


def test_a_cut_stream_is_reported_with_the_parts_and_not_sent_again(world: World) -> None:
    """Rows `SSE reset` and `aio stream idle timeout`: a raw error after partial yields; the POST re-sent."""
    for trouble in (httpx.ReadError, httpx.ReadTimeout):

        class Body(httpx.SyncByteStream, httpx.AsyncByteStream):
            failure = trouble

            def __iter__(self) -> Any:
                yield WORDS
                yield PICTURE
                raise self.failure("cut")

            async def __aiter__(self) -> Any:
                yield WORDS
                yield PICTURE
                raise self.failure("cut")

        def answer(_: Any, body: Any = Body) -> httpx.Response:
            return httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=body())

        world.service.on("create", answer)
        with pytest.raises(errors.OutcomeUnknownError, match="broke off") as caught:
            world.all(begin(world))
        assert caught.value.parts == (Text("Wash "), Picture(link("a"), 0))
    assert world.service.count("create") == 2


def test_a_stream_that_trickles_for_too_long_ends(world: World) -> None:
    class Endless(httpx.SyncByteStream, httpx.AsyncByteStream):
        def __iter__(self) -> Any:
            while True:
                world.time.at += 20
                yield b": still here\n\n"

        async def __aiter__(self) -> Any:
            for each in self:
                yield each

    world.service.on(
        "create",
        lambda _: httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=Endless()),
    )
    with pytest.raises(errors.OutcomeUnknownError, match="too long"):
        world.all(begin(world, timeout=100))
    assert world.time.at <= 1140


@pytest.mark.parametrize("kind", ["refused", "gateway", "busy", "unsent"])
def test_a_stream_is_created_by_the_rules_of_every_call(world: World, kind: str) -> None:
    answers: dict[str, tuple[Any, type[Exception], int]] = {
        "refused": (refusal("InvalidParameter"), errors.InvalidRequestError, 1),
        "gateway": (reply(b"<html>", 502), errors.OutcomeUnknownError, 1),
        "busy": (refusal("Throttling", status=429), errors.RateLimitError, 5),
        "unsent": (httpx.ConnectError, errors.ConnectionFailedError, 5),
    }
    answer, family, posts = answers[kind]
    world.service.on("create", answer)
    with pytest.raises(family):
        begin(world)
    assert world.service.count("create") == posts


def test_an_answer_in_one_piece_is_a_stream_of_one(world: World) -> None:
    world.service.on("create", reply(choices(choice(words("Hi"), image("a")))))
    stream = begin(world)
    assert len(world.all(stream)) == 2 and stream.result.images


def test_a_stream_that_is_left_counts_as_spent(world: World) -> None:
    world.service.on("create", streamed(WORDS, PICTURE, LAST))
    wan = world.client(budget=price_of(MIXED, 2))
    stream = begin(world, wan)
    world.do(stream.close())
    world.do(stream.close())
    assert wan.spent == price_of(MIXED, 2)


def test_events_are_not_an_answer_to_an_asynchronous_call(world: World) -> None:
    world.service.on("create", streamed(WORDS, LAST))
    with pytest.raises(errors.OutcomeUnknownError):
        world.do(world.wan.submit(MIXED, "p", images=["https://photos.example.com/a.jpg"], n=1))
