"""Every documented and recorded answer, read as the client would read it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.client.response_samples import API, OLD, PRO, reply
from wanlib.client.http.messages import Response
from wanlib.client.http.responses import error_from_response, is_error_response, parse_json_object
from wanlib.client.results.result import Result, parse_result
from wanlib.client.results.stream_reader import StreamReader
from wanlib.client.tasks.status import parse_page, parse_task_status
from wanlib.errors import MalformedResponseError, WanError

EXAMPLES = Path(__file__).parents[4] / "shared" / "examples"
FILES = sorted(EXAMPLES.rglob("*.response.json"))
pytestmark = pytest.mark.skipif(
    not FILES, reason="the examples are not beside this checkout (../shared/examples)"
)

ENDED = {"SUCCEEDED", "FAILED", "CANCELED", "UNKNOWN"}


def load(file: Path) -> dict[str, Any]:
    example: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return example


def answer_of(file: Path) -> Response:
    example = load(file)
    headers = {name.lower(): value for name, value in example.get("headers", {}).items()}
    return Response(example.get("http_status", 200), headers, json.dumps(example["body"]).encode())


def single(file: Path) -> bool:
    return "body" in load(file)


def named(text: str) -> list[Any]:
    return [pytest.param(file, id=f"{file.parent.name}/{file.name}") for file in FILES if text in file.name]


def read(file: Path) -> Result:
    model = API.models.get(file.parent.name, PRO)
    return parse_result(API, model, parse_json_object(API, answer_of(file)))


@pytest.mark.parametrize("file", [pytest.param(file, id=f"{file.parent.name}/{file.name}") for file in FILES])
def test_an_error_is_one_and_nothing_else_is(file: Path) -> None:
    if not single(file):
        return
    body = load(file)["body"]
    answer = answer_of(file)
    assert is_error_response(API, answer) is (answer.status >= 400)
    if is_error_response(API, answer):
        error = error_from_response(API, answer)
        assert type(error) is not MalformedResponseError
        assert (error.code, error.request_id, error.status) == (
            body["code"],
            body["request_id"],
            answer.status,
        )


@pytest.mark.parametrize("file", [param for param in named("") if single(param.values[0])])
def test_a_task_is_read_as_it_stands(file: Path) -> None:
    output = load(file)["body"].get("output")
    due = output.get("task_status") if isinstance(output, dict) else None
    if due is None:
        with pytest.raises(WanError):
            parse_task_status(API, answer_of(file), "id")
        return
    snapshot = parse_task_status(API, answer_of(file), output.get("task_id", "id"))
    assert (snapshot.status, snapshot.ended) == (due, due in ENDED)
    for name, time in (("submit_time", snapshot.submitted_at), ("end_time", snapshot.ended_at)):
        assert (time is not None) is (name in output)


def wanted(body: dict[str, Any]) -> list[str]:
    """The links of a body, found by their look alone."""
    text = json.dumps(body)
    return [part for part in text.split('"') if part.startswith("https://") and ".png" in part]


@pytest.mark.parametrize("file", [param for param in named("") if single(param.values[0])])
def test_every_picture_is_found(file: Path) -> None:
    body = load(file)["body"]
    output = body.get("output")
    if not isinstance(output, dict) or not (output.get("choices") or output.get("results")):
        return
    result = read(file)
    assert [each.url for each in result.images] == wanted(body)
    assert len(result.images) == body["usage"]["image_count"]
    assert "?" not in json.dumps(result.to_dict()["parts"], ensure_ascii=False).replace("?\u201d", "")


@pytest.mark.parametrize("file", named("partial_failure"))
def test_a_partial_failure(file: Path) -> None:
    result = read(file)
    assert (len(result.images), result.failures[0].code) == (1, "InternalError.Timeout")


@pytest.mark.parametrize("file", named("gateway_"))
def test_a_gateway_that_reshapes_answers_is_not_the_service(file: Path) -> None:
    with pytest.raises(MalformedResponseError):
        read(file)


@pytest.mark.parametrize("file", named("_tasks/list") or named("list.response"))
def test_the_list(file: Path) -> None:
    page = parse_page(API, answer_of(file))
    assert [each.status for each in page.items] == ["RUNNING", "SUCCEEDED"]
    assert page.items[1].ended_at == 1745568302.481
    assert (page.total, page.pages, page.page) == (2, 1, 1)


@pytest.mark.parametrize("file", [param for param in named("") if not single(param.values[0])])
def test_streams(file: Path) -> None:
    chunks = load(file)["body_chunks"]
    reader = StreamReader(API, API.models["wan2.6-image"])
    pieces = [
        piece for chunk in chunks for piece in reader.feed(b"data:" + json.dumps(chunk).encode() + b"\n\n")
    ]
    assert len(pieces) == sum(len(chunk["output"]["choices"][0]["message"]["content"]) for chunk in chunks)
    result = reader.finish()
    assert [each.url for each in result.images] == [url for chunk in chunks for url in wanted(chunk)]
    assert result.usage == chunks[-1]["usage"]


def test_the_helpers_of_these_tests_work() -> None:
    assert len(FILES) > 40
    assert wanted({"a": ["https://h.example/x.png?y", "https://h.example/x"]}) == [
        "https://h.example/x.png?y"
    ]
    assert parse_json_object(API, reply({})) == {}
    assert OLD.result == "results"
