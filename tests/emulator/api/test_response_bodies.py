"""Every response has the shape stated in wire.yaml, and the recorded headers."""

import json
import re
from typing import Any

import jsonschema
import pytest

from tests.emulator.api_client import (
    BODIES,
    INTERLEAVED,
    SPEC,
    advance,
    create,
    json_of,
    query,
    send,
    submit,
)
from tests.support.api_facts import API
from wanlib.emit.schema.openapi import response_schemas
from wanlib.emulator import Emulator, ManualClock, Settings

SHAPES = response_schemas(SPEC)
TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}")


def check(body: Any, shape: str) -> None:
    jsonschema.validate(body, SHAPES[shape])


def slow(**switches: Any) -> Emulator:
    clock = ManualClock(1_767_225_600.0)  # midnight UTC, 1 January 2026
    return Emulator(clock=clock, settings=Settings(waiting=1, working=10, **switches))


@pytest.mark.parametrize("model", BODIES)
def test_a_task_has_the_shape_of_its_state_from_create_to_end(model: str) -> None:
    emulator = slow()
    created = create(emulator, BODIES[model])
    check(json_of(created), "created")
    task = json_of(created)["output"]["task_id"]
    for moment, state in ((0, "PENDING"), (1, "RUNNING"), (10, "SUCCEEDED")):
        advance(emulator, moment)
        answer = query(emulator, task)
        check(answer, "task")
        assert answer["output"]["task_status"] == state
        times = [TIME.fullmatch(answer["output"][name]) for name in answer["output"] if "_time" in name]
        assert len(times) == {"PENDING": 1, "RUNNING": 2, "SUCCEEDED": 3}[state] and all(times)
    check(answer, SPEC.family(model).output["result"])
    assert answer["usage"]["image_count"] == 2


def test_times_are_written_in_the_zone_of_the_pages() -> None:
    emulator = slow()
    answer = query(emulator, submit(emulator, BODIES["wan2.5-i2i-preview"]))
    assert answer["output"]["submit_time"] == "2026-01-01 08:00:00.000"


@pytest.mark.parametrize("model", [model for model in BODIES if "sync" in SPEC.calls(model)])
def test_a_synchronous_answer_holds_the_pictures(model: str) -> None:
    answer = json_of(create(Emulator(), BODIES[model], "sync"))
    check(answer, "choices")
    assert "task_id" not in answer["output"]


@pytest.mark.parametrize(
    ("model", "tokens"),
    [
        ("wan2.7-image", SPEC.family("wan2.7-image").output["tokens"]),
        ("wan2.6-image", {"input": 0, "output": 0}),
    ],
)
def test_usage_counts_the_tokens_of_the_documented_examples(model: str, tokens: dict[str, int]) -> None:
    usage = json_of(create(Emulator(), BODIES[model], "sync"))["usage"]
    assert tuple(usage[name] for name in ("input_tokens", "output_tokens", "total_tokens")) == (
        tokens["input"],
        tokens["output"],
        tokens["input"] + tokens["output"],
    )


def test_metrics_count_only_finished_pictures() -> None:
    emulator = slow()
    task = submit(emulator, BODIES["wan2.5-i2i-preview"])
    assert query(emulator, task)["output"]["task_metrics"] == {"TOTAL": 2, "SUCCEEDED": 0, "FAILED": 0}
    advance(emulator, 11)
    assert query(emulator, task)["output"]["task_metrics"] == {"TOTAL": 2, "SUCCEEDED": 2, "FAILED": 0}


def test_results_repeat_the_prompt_where_the_pages_show_it() -> None:
    emulator = Emulator()
    entry = query(emulator, submit(emulator, BODIES["wan2.5-i2i-preview"]))["output"]["results"][0]
    assert entry["orig_prompt"] == "a cat" and entry["actual_prompt"] != "a cat"
    plain = BODIES["wan2.5-i2i-preview"] | {"parameters": {"prompt_extend": False}}
    entry = query(emulator, submit(emulator, plain))["output"]["results"][0]
    assert set(entry) == {"orig_prompt", "url"}
    entry = query(emulator, submit(emulator, BODIES["wanx2.1-imageedit"]))["output"]["results"][0]
    assert set(entry) == {"url"}


@pytest.mark.parametrize(
    ("settings", "choices"),
    [(Settings(), [1, 1]), (Settings(choice_layout="each"), [1, 1]), (Settings(choice_layout="single"), [2])],
)
def test_the_layout_of_choices_follows_the_setting(settings: Settings, choices: list[int]) -> None:
    answer = json_of(create(Emulator(settings=settings), BODIES["wan2.6-image"], "sync"))
    assert [len(choice["message"]["content"]) for choice in answer["output"]["choices"]] == choices


def test_a_set_is_in_one_choice() -> None:
    body = BODIES["wan2.7-image"] | {"parameters": {"enable_sequential": True, "n": 4}}
    answer = json_of(create(Emulator(), body, "sync"))
    (choice,) = answer["output"]["choices"]
    assert [part["type"] for part in choice["message"]["content"]] == ["image"] * 4


def test_interleaved_output_of_a_task_mixes_texts_and_pictures_in_one_choice() -> None:
    emulator = Emulator()
    (choice,) = query(emulator, submit(emulator, INTERLEAVED))["output"]["choices"]
    kinds = [part["type"] for part in choice["message"]["content"]]
    assert kinds == ["text", "image", "text", "image", "text"]  # whole texts; a stream brings them in pieces


def test_the_other_calls_have_their_shapes() -> None:
    emulator = slow()
    task = submit(emulator, BODIES["wan2.7-image"])
    check(json_of(send(emulator, "GET", "/tasks/")), "listed")
    check(json_of(send(emulator, "POST", f"/tasks/{task}/cancel")), "canceled")
    check(json_of(send(emulator, "GET", "/uploads?action=getPolicy&model=wan2.7-image")), "policy")
    check(json_of(send(emulator, "POST", "/tokens?expire_in_seconds=60")), "token")
    check(json_of(send(emulator, "POST", f"/tasks/{task}/cancel")), "error")


@pytest.mark.parametrize("failed", ["nested", "flat"])
def test_a_failed_body_is_nested_or_flat(failed: Any) -> None:
    emulator = Emulator(settings=Settings(failure_codes=failed))
    answer = query(
        emulator, submit(emulator, BODIES["wan2.7-image"], x_wan_fault="fail code=DataInspectionFailed")
    )
    where = answer if failed == "flat" else answer["output"]
    assert where["code"] == "DataInspectionFailed" and where["message"] and "usage" not in answer
    check(answer, "error" if failed == "flat" else "task")
    answer = query(emulator, submit(emulator, BODIES["wanx2.1-imageedit"], x_wan_fault="fail"))
    assert answer["output"]["task_metrics"] == {
        "TOTAL": 2,
        "SUCCEEDED": 0,
        "FAILED": 2,
    }  # nested on every page
    assert answer["output"]["code"]


def test_headers_are_those_of_the_recordings() -> None:
    answer = create(Emulator(), BODIES["wan2.7-image"])
    assert answer.header("x-request-id") == json_of(answer)["request_id"]
    assert (
        answer.header("X-DashScope-Timeout") == f"{API.sync_timeout:.0f}"
        and answer.header("content-type") == "application/json"
    )
    assert {"req-cost-time", "req-arrive-time", "resp-start-time"} <= {name for name, _ in answer.headers}


def test_a_prompt_with_a_lone_surrogate_is_answered_with_valid_json() -> None:
    emulator = Emulator()
    body = BODIES["wan2.5-i2i-preview"] | {
        "input": {"prompt": "\ud800", "images": ["https://example.com/a.png"]}
    }
    answer = send(emulator, "GET", f"/tasks/{submit(emulator, body)}")
    assert json.loads(answer.body.decode("utf-8"))["output"]["results"][0]["orig_prompt"] == "\ud800"
