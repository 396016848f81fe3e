"""`wanlib.pictures`: every container, every wrapping, and nothing but pictures."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.client.response_samples import API, choice, choices, image, link, reply, task, words
from tests.emulator.api_client import BODIES, PLAIN, create, query, submit
from wanlib import pictures
from wanlib.client.results.result import parse_result
from wanlib.emulator import Emulator

A, B, C = link("a"), link("b"), link("c")
EACH = choices(choice(image("a")), choice(image("b")), choice(image("c")))
PARTS = choices(choice(words("Wash."), image("a"), words("Dry."), image("b"), image("c")))
RESULTS = task(
    "SUCCEEDED", results=[{"url": A}, {"code": "DataInspectionFailed", "message": "No."}, {"url": B}]
)
EVENTS = [
    choices(choice(words("Wash."))),
    choices(choice(image("a"))),
    choices(choice(image("b"), reason="stop")),
]
STREAM = b"".join(b"id:1\nevent:result\ndata:" + json.dumps(event).encode() + b"\n\n" for event in EVENTS)

ANSWERS: dict[str, tuple[Any, list[str]]] = {
    "choices, a picture each": (EACH, [A, B, C]),
    "parts of one choice": (PARTS, [A, B, C]),
    "results with a failure": (RESULTS, [A, B]),
    "the output alone": (RESULTS["output"], [A, B]),
    "the list alone": (RESULTS["output"]["results"], [A, B]),
    "the choices alone": (EACH["output"]["choices"], [A, B, C]),
    "text": (json.dumps(PARTS), [A, B, C]),
    "bytes": (json.dumps(PARTS).encode(), [A, B, C]),
    "events": (STREAM, [A, B]),
    "events as text": (STREAM.decode(), [A, B]),
    "parsed events": (EVENTS, [A, B]),
    "an iterator of events": (iter(EVENTS), [A, B]),
    "answers": ([EACH, RESULTS], [A, B, C]),
    "a dump with more members": ({"status_code": 200, "code": "", "message": "", **EACH}, [A, B, C]),
    "an object": (SimpleNamespace(status_code=200, output=EACH["output"]), [A, B, C]),
    "objects all the way": (
        SimpleNamespace(output=SimpleNamespace(results=[SimpleNamespace(url=A), SimpleNamespace(url=None)])),
        [A],
    ),
    "a task that runs": (task("RUNNING"), []),
    "an error": ({"code": "InvalidParameter", "message": "url error", "request_id": "r"}, []),
    "a page of a gateway": ("<html>502</html>", []),
    "nothing": (None, []),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_every_picture_of_an_answer_in_order(name: str) -> None:
    answer, expected = ANSWERS[name]
    assert pictures(answer) == expected


@pytest.mark.parametrize("model", BODIES)
@pytest.mark.parametrize("several", ["single", "each"])
def test_answers_of_every_model_have_as_many_as_the_client_reads(model: str, several: Any) -> None:
    from wanlib.emulator import Settings

    emulator = Emulator(settings=Settings(choice_layout=several))
    answer = query(emulator, submit(emulator, BODIES[model]))
    urls = pictures(answer)
    assert urls == [picture.url for picture in parse_result(API, API.models[model], answer).images]
    assert urls


def test_a_synchronous_answer_and_a_request_body() -> None:
    answer = create(Emulator(), BODIES[PLAIN], "sync").body
    assert len(pictures(answer)) >= 1
    assert pictures(BODIES[PLAIN]) == []  # the images of a request are not pictures of an answer


def test_an_answer_in_a_circle_and_a_very_deep_one() -> None:
    circle: dict[str, Any] = {"results": [{"url": A}]}
    circle["output"] = [circle, circle]
    assert pictures(circle) == [A]
    deep: Any = RESULTS
    for _ in range(50_000):
        deep = [deep]
    assert pictures(deep) == [A, B]


NAMES = st.sampled_from(["output", "choices", "message", "content", "results", "image", "url", "x"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_any_json_is_read(value: Any) -> None:
    urls = pictures(value)
    assert all(isinstance(url, str) and url for url in urls) and len(urls) == len(set(urls))
    assert pictures(reply({"output": value}).body) == pictures({"output": value})
