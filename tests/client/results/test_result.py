"""Results of every shape."""

import json
from decimal import Decimal
from typing import Any

import pytest

from tests.client.response_samples import (
    API,
    KEY,
    MIXED,
    OLD,
    PRO,
    START,
    TASK,
    TIMES,
    choice,
    choices,
    image,
    link,
    results,
    words,
)
from wanlib.client.protocol.budget import Price
from wanlib.client.results.result import CallContext, Picture, PictureFailure, Text, parse_result
from wanlib.errors import MalformedResponseError


def urls(result: Any) -> list[str]:
    return [each.url for each in result.images]


def test_one_picture_a_choice() -> None:
    result = parse_result(API, MIXED, choices(choice(image("a")), choice(image("b"))))
    assert result.parts == (Picture(link("a"), 0), Picture(link("b"), 1))
    assert (result.model, result.request_id, result.task_id) == ("wan2.6-image", "req-2", None)
    assert result.usage["size"] == "1280*1280"


def test_all_pictures_in_one_choice() -> None:
    result = parse_result(API, PRO, choices(choice(image("a"), image("b"), image("c"))))
    assert urls(result) == [link("a"), link("b"), link("c")]
    assert {each.choice for each in result.images} == {0}


def test_text_and_pictures_stand_in_reading_order() -> None:
    content = (words("First."), image("a"), {"type": "audio"}, words("Then."), image("b"), "?", words(""))
    result = parse_result(API, MIXED, choices(choice(*content)))  # type: ignore[arg-type]
    assert result.parts == (Text("First."), Picture(link("a"), 0), Text("Then."), Picture(link("b"), 0))
    assert result.text == "First.\nThen."


def test_results_with_prompts_and_a_failure_among_them() -> None:
    first = {"url": link("a"), "orig_prompt": "a cat", "actual_prompt": "a grey cat"}
    second = {"code": "InternalError.Timeout", "message": "took too long"}
    result = parse_result(
        API, OLD, results(first, second, {"url": ""}, {"url": None}, **TIMES), CallContext(4, True)
    )
    assert result.images == (Picture(link("a"), 0, "a cat", "a grey cat"),)
    assert result.failures[0] == PictureFailure("InternalError.Timeout", "took too long")
    assert result.failures[1:] == (PictureFailure(None, None), PictureFailure(None, None))
    assert (result.has_failures, result.is_incomplete) == (True, True)
    assert (result.submitted_at, result.ended_at) == (START + 0.25, START + 60.5)
    assert result.links_expire_at == START + 60.5 + API.life.links_expire_after
    assert result.task_id == TASK


def test_a_picture_with_words_of_success_is_not_a_failure() -> None:
    result = parse_result(API, OLD, results({"url": link("a"), "code": "", "message": "Success"}))
    assert (len(result.images), result.has_failures) == (1, False)


@pytest.mark.parametrize(
    ("asked", "exact", "short"),
    [(2, True, False), (3, True, True), (3, False, False), (None, True, False), (1, True, False)],
)
def test_short(asked: int | None, exact: bool, short: bool) -> None:
    result = parse_result(API, PRO, choices(choice(image("a"), image("b"))), CallContext(asked, exact))
    assert result.is_incomplete is short
    assert (result.requested, result.exact) == (asked, exact)


def test_data_of_the_client_takes_precedence_over_the_response() -> None:
    origin = CallContext(
        task_id="mine", submitted_at=0.0, ended_at=1.0, price_per_picture=Price(Decimal("0.20"), "CNY", 1)
    )
    result = parse_result(
        API, OLD, results({"url": link("a")}, {"url": link("b")}, {"code": "X"}, **TIMES), origin
    )
    assert (result.task_id, result.submitted_at, result.ended_at) == ("mine", 0.0, 1.0)
    assert result.links_expire_at == 1.0 + API.life.links_expire_after
    assert result.spent == Price(Decimal("0.40"), "CNY", 2)


def test_the_other_shape_is_read_too() -> None:
    assert urls(parse_result(API, PRO, results({"url": link("a")}))) == [link("a")]
    assert urls(parse_result(API, OLD, choices(choice(image("a"))))) == [link("a")]
    dump = choices(choice(image("a")), results=[])
    assert urls(parse_result(API, OLD, dump)) == [link("a")]


def test_a_task_taken_up_by_its_id_alone_has_no_model() -> None:
    for body in (results({"url": link("a")}), choices(choice(image("a")))):
        result = parse_result(API, None, body, CallContext(task_id=TASK))
        assert (result.model, urls(result)) == (None, [link("a")])
        assert repr(result) == f"<Result of a task: 1 picture, task {TASK}>"


def test_a_success_without_a_picture_is_a_result_without_one() -> None:
    for body in (choices(), choices(choice()), choices({"finish_reason": "stop"}), results()):
        result = parse_result(API, PRO, body, CallContext(4, True))
        assert (result.parts, result.is_incomplete, result.links_expire_at) == ((), True, None)


def test_a_choice_that_failed() -> None:
    result = parse_result(
        API, PRO, choices({"code": "DataInspectionFailed", "message": "m"}, choice(image("a")))
    )
    assert result.parts == (PictureFailure("DataInspectionFailed", "m"), Picture(link("a"), 1))
    fine = parse_result(API, PRO, choices(choice(image("a")) | {"code": "Success"}))
    assert fine.parts == (Picture(link("a"), 0),)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"output": None},
        {"output": [{"type": "message", "content": [{"type": "image", "text": "u"}]}]},
        {"output": {"choices": None, "results": {}}},
        {"output": {"task_id": TASK, "task_status": "SUCCEEDED"}},
    ],
)
def test_no_shape_at_all_is_malformed(body: dict[str, Any]) -> None:
    with pytest.raises(MalformedResponseError, match="has neither") as caught:
        parse_result(API, PRO, body | {"request_id": "r-1"}, CallContext(task_id=TASK))
    assert (caught.value.request_id, caught.value.task_id) == ("r-1", TASK)


def test_links_are_whole_in_url_and_raw_and_nowhere_else() -> None:
    body = choices(choice(image("a"), words("hello")))
    result = parse_result(API, PRO, body, CallContext(price_per_picture=Price(Decimal("0.50"), "CNY", 1)))
    assert KEY in result.images[0].url
    assert result.raw == body
    as_json = json.dumps(result.to_dict(), allow_nan=False)
    for shown in (repr(result), repr(result.images[0]), repr(result.parts), as_json):
        assert KEY not in shown
        assert "Expires" not in shown
    assert json.loads(as_json)["parts"][0]["url"] == "https://pictures.example.com/a.png"
    assert json.loads(as_json)["spent"] == {"amount": "0.50", "currency": "CNY", "pictures": 1}
    assert repr(result) == "<Result of wan2.7-image-pro: 1 picture, task None>"
