"""The readers are total: whatever comes, they answer or raise an error of the tree."""

import json
from collections.abc import Callable
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st
from wan_conformance.strategies.mutate import mutated_values

from tests.client.response_samples import (
    API,
    MIXED,
    OLD,
    PRO,
    TASK,
    TIMES,
    choice,
    choices,
    image,
    link,
    results,
    task,
    words,
)
from wanlib.client.http.messages import Response
from wanlib.client.http.responses import (
    error_from_response,
    is_error_response,
    is_retryable,
    parse_json_object,
)
from wanlib.client.results.result import parse_result
from wanlib.client.results.stream_reader import SseDecoder, StreamReader
from wanlib.client.tasks.status import parse_page, parse_task_status, task_error
from wanlib.errors import WanError

WORDS = (
    *("output", "choices", "results", "message", "content", "image", "text", "url", "code", "request_id"),
    *("task_status", "FAILED", "SUCCEEDED", "data", "task_id", "status", "usage", "total", "end_time"),
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from([10**400, -(2**70), 1e308, "", "\ud800", TIMES["end_time"], "InternalError"])
    | st.sampled_from(WORDS)
    | st.text(max_size=5)
)
JSON = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)
GOOD: list[dict[str, Any]] = [
    choices(choice(image("a"), words("w")), choice(image("b"))),
    results({"url": link("a"), "orig_prompt": "p"}, {"code": "InternalError", "message": "m"}, **TIMES),
    task("RUNNING", **TIMES, task_metrics={"TOTAL": 1}),
    {"code": "Throttling", "message": "slow down", "request_id": "r"},
    {
        "total": 1,
        "total_page": 1,
        "page_no": 1,
        "data": [{"task_id": TASK, "status": "RUNNING", "gmt_create": 1}],
    },
]


BODIES = (JSON | mutated_values(GOOD)).map(lambda body: json.dumps(body).encode()) | st.binary(max_size=40)
HEADERS = st.dictionaries(
    st.sampled_from(["content-type", "retry-after", "x-request-id"]),
    st.text(max_size=20) | st.sampled_from(["1", "Mon, 04 May 2026 00:00:10 GMT", "x; charset=utf-16"]),
)
REPLIES = st.builds(Response, st.integers(100, 599), HEADERS, BODIES)
ALL = settings(max_examples=200)


def answers_or_raises(read: Callable[[], Any]) -> Any:
    try:
        return read()
    except WanError as error:
        str(error).encode("utf-8")
        json.dumps(error.to_dict())
        return None


@ALL
@given(REPLIES, st.none() | st.floats(0, 2e9))
def test_answers(reply: Response, wall: float | None) -> None:
    answer = answers_or_raises(lambda: parse_json_object(API, reply))
    assert answer is None or isinstance(answer, dict)
    is_error = is_error_response(API, reply)
    assert not is_error or (answer and answer.get("code") and not answer.get("output"))
    assert is_error or is_retryable(API, reply) == (reply.status == 429 or reply.status >= 500)
    error = error_from_response(API, reply, wall, task_id=TASK)
    assert (error.task_id, error.status) == (TASK, reply.status)
    str(error).encode("utf-8")


@ALL
@given(REPLIES | st.builds(Response, st.just(200), HEADERS, BODIES))
@example(Response(200, {}, b'{"data": [{"task_id": "\\n"}], "total": 1}'))
def test_tasks_and_pages(reply: Response) -> None:
    snapshot = answers_or_raises(lambda: parse_task_status(API, reply, TASK))
    if snapshot is not None:
        repr(snapshot).encode("utf-8")
        str(task_error(API, snapshot, snapshot.submitted_at, 2e9)).encode("utf-8")
    page = answers_or_raises(lambda: parse_page(API, reply))
    assert page is None or all(each.task_id for each in page.items)


@ALL
@given(BODIES, st.sampled_from([PRO, MIXED, OLD]))
def test_results(body: bytes, model: Any) -> None:
    result = answers_or_raises(
        lambda: parse_result(API, model, parse_json_object(API, Response(200, {}, body)))
    )
    if result is not None:
        json.dumps(result.to_dict(), allow_nan=False)
        repr(result).encode("utf-8")
        assert len(result.images) + len(result.failures) <= len(result.parts)


@ALL
@given(st.lists(BODIES, max_size=4), st.binary(max_size=10))
def test_streams(bodies: list[bytes], rest: bytes) -> None:
    reader = StreamReader(API, MIXED)
    for body in bodies:
        answers_or_raises(lambda body=body: reader.feed(b"data: " + body + b"\n\n"))
    answers_or_raises(lambda: reader.feed(rest))
    answers_or_raises(reader.finish)


@ALL
@given(st.lists(st.binary(max_size=20), max_size=5))
def test_events(chunks: list[bytes]) -> None:
    events = SseDecoder()
    for chunk in chunks:
        assert all(isinstance(event.data, str) for event in events.feed(chunk))
    found = events.feed(b"\n\ndata: after the noise\n\n")
    assert found and [*found][-1].data == "after the noise"
