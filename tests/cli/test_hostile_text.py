"""Texts of a body, a spec or the service reach the terminal as one line each, without control characters."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Ran
from tests.cli.service import KEY, TASK, Service

TAB = "\t"  # between the columns of a table in a pipe
FORGED = "wanlib: all is well"
HOSTILE = f"a\x1b]0;title\x07\r{FORGED}\n{FORGED}\u2028{FORGED}\x85{FORGED}\x0b{FORGED}\x0c{FORGED}\u202ez"
BODY = {
    "model": "wan2.7-image",
    HOSTILE: HOSTILE,
    "input": {
        HOSTILE: 1,
        "messages": [{"role": HOSTILE, "content": [{"text": HOSTILE}, {HOSTILE: HOSTILE}]}],
    },
    "parameters": {HOSTILE: 1, "size": HOSTILE, "n": HOSTILE},
}


def check_output(ran: Ran) -> None:
    """No line is forged, and nothing but line ends steers the terminal."""
    for text in (ran.out, ran.err):
        lines = text.split("\n")
        assert not [line for line in lines if line.startswith(FORGED)]
        assert not [char for line in lines for char in line if not (char.isprintable() or char == TAB)]
    assert KEY not in ran.out + ran.err
    assert ran.out + ran.err


@pytest.mark.parametrize(
    "options", [[], ["--fix"], ["--lines"], ["--json"], ["--fix", "--lines"]], ids=" ".join
)
def test_a_body(wanlib: Callable[..., Ran], options: list[str]) -> None:
    check_output(wanlib("check", "-", *options, stdin=json.dumps(BODY).encode()))
    check_output(wanlib("check", "-", *options, stdin=json.dumps(BODY | {"model": HOSTILE}).encode()))


def test_a_migrated_body(wanlib: Callable[..., Ran]) -> None:
    body = {
        "model": "wan2.7-image",
        "input": {"messages": [{"role": "user", "content": [{"text": HOSTILE}]}]},
    }
    check_output(wanlib("migrate", "-", "--to", "wan2.7-image-pro", stdin=json.dumps(body).encode()))


@pytest.mark.parametrize(
    "command",
    [
        ["explain", HOSTILE],
        ["rules", HOSTILE],
        ["schema", HOSTILE],
        ["check", "no-such-\x1b\u2028\n.json"],
        ["size", "wan2.7-image", "--ratio", HOSTILE],
        ["edit", HOSTILE, "p", "-i", "no.png", "--yes"],
        ["generate", "wan2.7-image", "p", "--size", HOSTILE, "--dry-run"],
        ["generate", "wan2.7-image", "p", "--extra", f"{HOSTILE}=1", "--dry-run"],
        ["generate", "wan2.7-image", HOSTILE, "--dry-run"],
        ["generate", "wan2.7-image", HOSTILE, "--curl"],
        ["wait", HOSTILE],
        ["cancel", HOSTILE],
        ["tasks", "--status", HOSTILE],
        [HOSTILE],
    ],
    ids=lambda command: " ".join(command)[:24].encode("ascii", "replace").decode(),
)
def test_an_argument(wanlib: Callable[..., Ran], command: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
    check_output(wanlib(*command))


@pytest.mark.parametrize("where", ["wire.yaml", "wan2.7.yaml", "task.yaml"])
def test_a_spec(wanlib: Callable[..., Ran], tmp_path: Path, where: str) -> None:
    from wanlib.spec.load import spec_folder

    for path in spec_folder().glob("*.yaml"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    with (tmp_path / where).open("a", encoding="utf-8") as file:
        file.write(f"{json.dumps(HOSTILE)}: {json.dumps(HOSTILE)}\n")
    for command in (["rules"], ["explain", "wan2.7/n.max"], ["check", "-"]):
        check_output(wanlib(*command, "--spec", tmp_path, stdin=json.dumps(BODY).encode()))


ANSWERS: dict[str, tuple[int, Any]] = {
    "a refusal": (400, {"code": HOSTILE, "message": f"{HOSTILE} {KEY}", "request_id": HOSTILE}),
    "a page": (502, f"<html>{HOSTILE}{KEY}</html>"),
    "an id": (200, {"output": {"task_id": HOSTILE, "task_status": HOSTILE}, "request_id": f"{HOSTILE}{KEY}"}),
    "a status": (200, {"output": {"task_id": TASK, "task_status": HOSTILE}, "request_id": KEY}),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_an_answer(
    call: Callable[..., Ran],
    service: Service,
    tmp_path: Path,
    answer: tuple[int, Any],
    wanlib: Callable[..., Ran],
) -> None:
    service.answers["/services/aigc/image-generation/generation"] = answer
    check_output(call("generate", "wan2.7-image", "p", "--n", "1", "--out", tmp_path))
    check_output(call("submit", "wan2.7-image", "p", "--n", "1"))
    service.answers[f"/tasks/{TASK}"] = answer
    check_output(call("wait", TASK, "--timeout", "20", "--out", tmp_path))
    service.answers["/tasks"] = answer
    check_output(call("tasks"))
    service.answers[f"/tasks/{TASK}/cancel"] = (400, answer[1])
    check_output(call("cancel", TASK))


def test_texts_and_failures_of_a_result(call: Callable[..., Ran], service: Service, tmp_path: Path) -> None:
    service.parts = [{"text": f"{HOSTILE}\n{KEY}"}, {"image": "1"}, {"text": HOSTILE}]
    check_output(call("generate", "wan2.6-image", "p", "--out", tmp_path))
    service.results = [{"code": HOSTILE, "message": f"{HOSTILE} {KEY}"}]
    check_output(call("wait", TASK, "--out", tmp_path))


def test_rows_of_a_list(call: Callable[..., Ran], service: Service) -> None:
    row = dict.fromkeys(("task_id", "model_name", "status", "code", "message", "region"), f"{HOSTILE}{KEY}")
    service.answers["/tasks"] = (200, {"total": 2, "page_no": 1, "total_page": 1, "data": [row, row]})
    check_output(call("tasks"))
    check_output(call("tasks", "--json"))
