"""`wanlib edit` where a call fails or is interrupted: what is reported, and how it is continued."""

import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.service import FAKE_TIME, KEY, TASK, Service
from tests.support.patience import PATIENCE

PRO = "wan2.7-image-pro"
Command = Callable[..., Any]


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [(401, "InvalidApiKey", "AuthenticationError"), (400, "DataInspectionFailed", "ContentModerationError")],
)
def test_a_refused_request(edit: Command, service: Service, status: int, code: str, kind: str) -> None:
    refusal = {"code": code, "message": f"no, {KEY}", "request_id": "r-1"}
    service.answers["/services/aigc/image-generation/generation"] = (status, refusal)
    ran = edit("--n", "1")
    assert (ran.code, ran.out) == (1, "")
    assert f"code {code}, request r-1]" in ran.err.splitlines()[-1]
    printed = json.loads(edit("--n", "1", "--json").out)
    assert (printed["error"], printed["status"]) == (kind, status)


def test_a_task_that_fails(edit: Command, service: Service) -> None:
    output = {"task_id": TASK, "task_status": "FAILED", "code": "InternalError", "message": "it broke"}
    service.answers[f"/tasks/{TASK}"] = (200, {"output": output, "request_id": "r-2"})
    ran = edit("--n", "1")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.splitlines()[-1].startswith(
        "wanlib: the task failed: it broke. What to do: try again later"
    )
    assert "take it up" not in ran.err


def test_a_task_that_takes_too_long(edit: Command, service: Service, out: Path) -> None:
    service.statuses = ["RUNNING"]
    ran = edit("--n", "1", "--timeout", "60")
    assert (ran.code, ran.out) == (1, "")
    assert "the timeout has passed; the task was RUNNING" in ran.err
    again = f"wanlib wait {TASK} --out {out} --base-url {service.base}"
    assert ran.err.endswith(f"wanlib: to continue: {again}\n")
    service.statuses = ["RUNNING"]
    printed = json.loads(edit("--n", "1", "--timeout", "60", "--json").out)
    assert (printed["error"], printed["task_id"]) == ("DeadlineExceededError", TASK)


def test_a_call_that_may_have_been_accepted(edit: Command, service: Service) -> None:
    service.answers["/services/aigc/image-generation/generation"] = (502, b"<html>Bad gateway</html>")
    ran = edit("--n", "1")
    assert ran.code == 1 and len(service.created()) == 1
    assert ran.err.endswith(f"wanlib tasks --model {PRO} --since 1h --base-url {service.base}\n")


def test_a_synchronous_call_that_may_have_been_accepted(call: Command, service: Service) -> None:
    service.answers["/services/aigc/multimodal-generation/generation"] = (502, b"<html>Bad gateway</html>")
    ran = call("generate", PRO, "Dusk", "--via", "sync")
    assert ran.code == 1 and len(service.created()) == 1
    assert "a synchronous call has no task to look for" in ran.err and "wanlib tasks" not in ran.err


def test_a_picture_that_can_not_be_saved(edit: Command, service: Service, out: Path) -> None:
    service.parts = [{"image": "1"}, {"image": "2"}]
    service.answers["/pictures/2.png"] = (500, b"")
    ran = edit("--n", "2")
    assert (ran.code, ran.out) == (1, f"{out / f'{TASK}-1.png'}\n")
    assert f"wanlib wait {TASK} " in ran.err
    service.statuses = ["SUCCEEDED"]
    printed = json.loads(edit("--n", "2", "--json").out)
    assert (printed["error"], printed["files"]) == ("DownloadFailedError", [str(out / f"{TASK}-1.png")])
    service.answers["/pictures/2.png"] = (403, b"")
    assert "to continue" not in edit("--n", "2").err  # its link is dead


@pytest.mark.skipif(sys.platform == "win32", reason="signals are of POSIX")
@pytest.mark.parametrize(
    ("held", "words", "again"),
    [
        ("/services/", "to look for the task before sending again", f"tasks --model {PRO} --since 1h"),
        ("/tasks/", "to continue", f"wait {TASK} --out 'my out'"),
        ("/pictures/", "to continue", f"wait {TASK} --out 'my out'"),
    ],
    ids=["while it is sent", "while it is waited for", "while it is saved"],
)
def test_ctrl_c_prints_how_to_continue(
    process: Command, service: Service, tmp_path: Path, held: str, words: str, again: str
) -> None:
    service.held = held
    running = process(
        "edit", PRO, "Dusk", "-i", "https://example.com/a.png", "--base-url", service.base, "--out", "my out",
        code=FAKE_TIME, env={"DASHSCOPE_API_KEY": KEY}, cwd=tmp_path,
    )  # fmt: skip
    assert service.was_reached.wait(PATIENCE)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate()
    assert (running.returncode, out) == (130, b"")
    assert err.decode().splitlines()[-1] == f"wanlib: {words}: wanlib {again} --base-url {service.base}"


@pytest.mark.skipif(sys.platform == "win32", reason="signals are of POSIX")
@pytest.mark.parametrize("verb", ["edit", "wait"])
def test_ctrl_c_while_several_pictures_are_saved_ends_at_once(
    process: Command, service: Service, tmp_path: Path, verb: str
) -> None:
    service.parts, service.held = [{"image": number} for number in "123"], "/pictures/2"
    words = ("edit", PRO, "Dusk", "-i", "https://example.com/a.png") if verb == "edit" else ("wait", TASK)
    running = process(
        *words, "--base-url", service.base, "--out", "out",
        code=FAKE_TIME, env={"DASHSCOPE_API_KEY": KEY}, cwd=tmp_path,
    )  # fmt: skip
    assert service.was_reached.wait(PATIENCE)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=PATIENCE)  # the service holds the picture until the test ends
    assert (running.returncode, out) == (130, b"")
    *_, note, hint = err.decode().splitlines()
    saved = [path.name for path in (tmp_path / "out").iterdir()]
    assert not [name for name in saved if name.startswith(".")], "no half file is left"
    assert note.startswith(f"wanlib: {len(saved)} of 3 pictures are saved") and all(
        name in note for name in saved
    )
    assert hint == f"wanlib: to continue: wanlib wait {TASK} --out out --base-url {service.base}"
