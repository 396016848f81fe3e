"""Faults by header, queue and rate change the response, and whether the request is carried out."""

import json
import re
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.emulator.api_client import (
    BODIES,
    INTERLEAVED,
    INTERNAL_ERROR,
    PLAIN,
    SPEC,
    URL,
    create,
    data_uri,
    functional,
    json_of,
    messages,
    prompted,
    query,
    send,
    submit,
)
from tests.support.api_facts import limit_of
from wanlib.cli.app import app
from wanlib.emulator import Emulator, Fault, ManualClock, Settings
from wanlib.emulator.core.fault import FAULT_KINDS, parse_fault
from wanlib.emulator.core.http_messages import CUT_BEFORE_RESPONSE, NEVER_ANSWERED

BODY = BODIES[PLAIN]


def accepted(emulator: Emulator) -> int:
    return sum(account.accepted for account in emulator.ledger())


@pytest.mark.parametrize("code", SPEC.wire["errors"])
def test_every_code_comes_with_its_status(code: str) -> None:
    emulator = Emulator()
    answer = create(emulator, BODY, x_wan_fault=f"error code='{code}'")
    assert (answer.status, json_of(answer)["code"]) == (SPEC.wire["errors"][code]["status"], code)
    assert json_of(answer).keys() == {"code", "message", "request_id"} and accepted(emulator) == 0
    assert answer.header("x-wan-fault") == "error" and answer.header("retry-after") is None


def test_an_upload_in_progress_shows_its_wait() -> None:
    answer = create(Emulator(), BODY, x_wan_fault="error code=Throttling.RateQuota retry_after=3")
    assert (answer.status, answer.header("retry-after")) == (429, "3")


def test_an_answer_may_be_lost_although_the_work_is_done() -> None:
    for text, done in (
        ("error code=InternalError", 0),
        ("error code=InternalError done", 1),
        ("html", 0),
        ("html done status=504", 1),
        ("inside code=Arrearage", 0),
        ("cut where=unread", 0),
        ("cut where=before", 1),
        ("cut where=inside", 1),
        ("again", 2),
        ("trickle", 1),
        ("slow", 1),
        ("silent", 0),
        ("silent done", 1),
        ("repeated", 1),
        ("surplus", 1),
        ("reused", 1),
        ("neighbour", 2),
        ("neighbour where=unread", 1),
    ):
        emulator = Emulator()
        create(emulator, BODY, x_wan_fault=text)
        assert accepted(emulator) == done, text


def test_the_answers_that_stand_for_nothing_of_the_vendors() -> None:
    answer = create(Emulator(), BODY, x_wan_fault="html")
    assert (answer.status, answer.header("content-type")) == (502, "text/html") and b"<html>" in answer.body
    answer = create(Emulator(), BODY, x_wan_fault="inside code=Arrearage")
    assert answer.status == 200 and json_of(answer)["code"] == "Arrearage" and "output" not in json_of(answer)


def test_a_cut_is_a_number_of_bytes_and_leaves_the_body_complete() -> None:
    whole = create(Emulator(), BODY)
    cuts = {
        where: create(Emulator(), BODY, x_wan_fault=f"cut where={where}")
        for where in ("before", "inside", "after")
    }
    assert {where: answer.cut for where, answer in cuts.items()} == {
        "before": CUT_BEFORE_RESPONSE,
        "inside": len(whole.body) // 2,
        "after": len(whole.body),
    }
    assert cuts["inside"].body == whole.body and whole.cut is None


def test_a_trickle_comes_in_small_pieces() -> None:
    answer = create(Emulator(), BODY, x_wan_fault="trickle pace=0.5")
    assert answer.pace == 0.5 and max(map(len, answer.parts)) == 16 and json.loads(answer.body)


def test_a_slow_answer_comes_at_its_rate() -> None:
    answer = create(Emulator(), BODY, x_wan_fault="slow rate=50")
    assert answer.pace == 1.0 and {len(part) for part in answer.parts[:-1]} == {50}
    assert json.loads(answer.body)["output"]


def test_no_answer_comes() -> None:
    answer = create(Emulator(), BODY, x_wan_fault="silent")
    assert answer.delay == NEVER_ANSWERED and answer.cut == CUT_BEFORE_RESPONSE


def test_bytes_follow_an_answer() -> None:
    answer = create(Emulator(), BODY, x_wan_fault="surplus message=xyz")
    assert answer.surplus == b"xyz" and json.loads(answer.body)["output"]
    answer = create(Emulator(), BODY, x_wan_fault="repeated")
    head, _, body = answer.surplus.partition(b"\r\n\r\n")
    assert body == answer.body and head.startswith(b"HTTP/1.1 200 ")
    assert b"content-length: %d" % len(body) in head and b"content-type: application/json" in head


def test_a_query_may_answer_about_another_task() -> None:
    emulator = Emulator()
    task = submit(emulator, BODY)
    for text, state in (("other", "FAILED"), ("other word=RUNNING", "RUNNING")):
        output = json_of(send(emulator, "GET", f"/tasks/{task}", x_wan_fault=text))["output"]
        assert output["task_status"] == state and output["task_id"] != task
    assert query(emulator, task)["output"]["task_id"] == task


def test_a_create_may_answer_with_the_id_of_an_earlier_task() -> None:
    emulator = Emulator()
    first = json_of(create(emulator, BODY, x_wan_fault="reused"))["output"]["task_id"]
    assert query(emulator, first)["output"]["task_status"] == "SUCCEEDED"
    second = json_of(create(emulator, BODY, x_wan_fault="reused"))["output"]["task_id"]
    assert second == first and accepted(emulator) == 2


def test_another_client_of_the_account_has_a_task_in_the_list() -> None:
    emulator = Emulator()
    own = json_of(create(emulator, BODY, x_wan_fault="neighbour"))["output"]["task_id"]
    unread = create(emulator, BODY, x_wan_fault="neighbour where=unread")
    assert unread.cut == CUT_BEFORE_RESPONSE
    listed = [task["task_id"] for task in json_of(send(emulator, "GET", "/tasks/"))["data"]]
    assert len(listed) == 3 and own in listed


def test_every_response_has_the_date_of_the_emulators_clock() -> None:
    emulator = Emulator(clock=ManualClock(1_767_225_600.0))
    for answer in (create(emulator, BODY), send(emulator, "GET", "/tasks/1"), send(emulator, "GET", "/x")):
        assert answer.header("date") == "Thu, 01 Jan 2026 00:00:00 GMT"


def test_events_may_come_twice() -> None:
    once, twice = (
        create(Emulator(), INTERLEAVED, "stream"),
        create(Emulator(), INTERLEAVED, "stream", x_wan_fault="doubled"),
    )
    assert twice.parts[::2] == twice.parts[1::2] == once.parts


def test_a_fault_can_report_an_undocumented_status() -> None:
    emulator = Emulator()
    task = submit(emulator, BODY)
    for text, word in (("status", "SUSPENDED"), ("status word=WAITING", "WAITING")):
        answer = send(emulator, "GET", f"/tasks/{task}", x_wan_fault=text)
        assert json_of(answer)["output"]["task_status"] == word
    assert query(emulator, task)["output"]["task_status"] == "SUCCEEDED"
    assert send(emulator, "GET", "/tasks/", x_wan_fault="status").status == 200  # has none to change


def test_queued_faults_are_applied_in_order_to_their_calls() -> None:
    emulator = Emulator()
    emulator.faults.queue([Fault("error", code="Throttling"), None, Fault("html", on=("query",))])
    assert [create(emulator, BODY).status for _ in range(4)] == [429, 200, 200, 200]
    statuses = [send(emulator, "GET", "/tasks/1").status for _ in range(2)]
    assert statuses == [502, 200]


def run(seed: int) -> list[Any]:
    faults = (Fault("error", code="Throttling"), Fault("cut"), Fault("html", on=("query",)))
    emulator = Emulator(seed=seed, settings=Settings(fault_rate=0.3, faults=faults))
    answers = [create(emulator, BODY) for _ in range(50)] + [
        send(emulator, "GET", "/tasks/1") for _ in range(50)
    ]
    return [(answer.status, answer.cut, answer.body) for answer in answers]


def test_a_rate_is_drawn_the_same_for_the_same_seed() -> None:
    assert run(1) == run(1) != run(2)
    exc_info = [answer[:2] for answer in run(1)]
    assert 10 < sum(answer != (200, None) for answer in exc_info) < 50
    assert (502, None) in exc_info[50:] and (502, None) not in exc_info[:50]


REMOTE = messages(PLAIN, "https://photos.example.com/cat.png?Signature=secret", n=1)
INSPECTION = "InvalidParameter.DataInspection"
TIMED_OUT = "Download the media resource timed out during the data inspection process."
UNABLE = "Unable to download the media resource during the data inspection process."
TIMEOUT = "Download https://photos.example.com/cat.png?… timeout, please check network connection."
REFUSED = "Connection to https://photos.example.com/cat.png?… refused, please provide available URL."
FAILED = "Failed to download the input file: https://photos.example.com/cat.png?…."


@pytest.mark.parametrize("call", ["async", "sync"])
@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("download", INSPECTION, TIMED_OUT),
        (f"download message='{UNABLE}'", INSPECTION, UNABLE),
        ("download code=InvalidURL.Timeout", "InvalidURL.Timeout", TIMEOUT),
        ("download code=InvalidURL.ConnectionRefused", "InvalidURL.ConnectionRefused", REFUSED),
        ("download code=BadRequest.InputDownloadFailed", "BadRequest.InputDownloadFailed", FAILED),
    ],
)
def test_a_call_is_refused_where_an_input_cannot_be_downloaded(
    text: str, code: str, message: str, call: str
) -> None:
    emulator = Emulator()
    answer = create(emulator, REMOTE, call, x_wan_fault=text)
    assert (answer.status, json_of(answer)["code"], json_of(answer)["message"]) == (
        400,
        code,
        message,
    )
    assert accepted(emulator) == 0
    assert create(emulator, REMOTE, call).status == 200  # asked again, the URL can be downloaded


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("download where=after", "BadRequest.InputDownloadFailed", FAILED),
        ("download where=after code=InvalidURL.Timeout", "InvalidURL.Timeout", TIMEOUT),
        (f"download where=after code={INSPECTION}", INSPECTION, TIMED_OUT),
    ],
)
def test_a_task_fails_where_an_input_cannot_be_downloaded(text: str, code: str, message: str) -> None:
    """Nothing of it is billed; a synchronous call answers with the same error."""
    for body in (REMOTE, prompted(URL), functional(URL)):
        emulator = Emulator()
        output = query(emulator, submit(emulator, body, x_wan_fault=text))["output"]
        assert (output["task_status"], output["code"]) == ("FAILED", code)
        if body is REMOTE:
            assert output["message"] == message
        assert all(account.pictures == 0 for account in emulator.ledger())
    answer = create(Emulator(), REMOTE, "sync", x_wan_fault=text)
    assert (answer.status, json_of(answer)["code"], json_of(answer)["message"]) == (
        400,
        code,
        message,
    )


def test_a_body_without_a_url_has_nothing_to_download() -> None:
    for text in ("download", "download where=after"):
        for body in (messages(PLAIN, n=1), messages(PLAIN, data_uri(300, 300), n=1)):
            emulator = Emulator()
            task = submit(emulator, body, x_wan_fault=text)
            assert query(emulator, task)["output"]["task_status"] == "SUCCEEDED"


def test_a_violation_takes_precedence_over_a_failed_download() -> None:
    answer = create(Emulator(), messages(PLAIN, URL, n=99), x_wan_fault="download")
    assert json_of(answer)["message"] == f"Range of n should be [1, {limit_of('wan2.7/n.max')}]"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "unknown fault '', expected one of error"),
        ("explode", "unknown fault 'explode'"),
        ("error colour=red", "unknown fault setting 'colour'"),
        ("cut where=nowhere", "where is 'nowhere', expected one of unread"),
        ("error status=99", "status 200 to 599"),
        ("trickle pace=nan", "pace must be below 3600"),
        ("slow rate=0", "rate at least 1"),
        ("error status=x", "invalid literal"),
    ],
)
def test_a_malformed_fault_is_reported(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_fault(text)
    answer = create(Emulator(), BODY, x_wan_fault=text)
    assert answer.status == 400 and words.split("'")[-1].strip() in json_of(answer)["message"]


def test_every_kind_of_fault_is_answered_on_every_call() -> None:
    for kind in FAULT_KINDS:
        emulator = Emulator()
        for answer in (
            create(emulator, BODY, x_wan_fault=kind),
            create(emulator, BODY, "sync", x_wan_fault=kind),
            create(emulator, INTERLEAVED, "stream", x_wan_fault=kind),
            send(emulator, "GET", "/tasks/", x_wan_fault=kind),
            send(emulator, "GET", "/nowhere", x_wan_fault=kind),
        ):
            assert answer.header("x-wan-fault") == kind
            assert INTERNAL_ERROR not in answer.body


def test_a_fault_carries_its_own_code_and_message() -> None:
    text = "error code=Model.NotHere message='The model left\\, today.' status=410"
    answer = create(Emulator(), BODY, x_wan_fault=text)
    assert (answer.status, json_of(answer)["code"]) == (410, "Model.NotHere")
    assert json_of(answer)["message"] == "The model left\\, today."
    header = "error code=InvalidParameter message='url error, please check url\uff01'"
    sent = header.encode().decode("latin-1")  # as a server hands it on
    assert (
        json_of(create(Emulator(), BODY, x_wan_fault=sent))["message"] == "url error, please check url\uff01"
    )
    answer = create(Emulator(), BODY, x_wan_fault="error message='open")
    assert answer.status == 400 and "No closing quotation" in json_of(answer)["message"]


@pytest.mark.parametrize("by", ["header", "settings", "script", "hand"])
def test_work_is_accepted_and_then_fails_as_a_fault_says(by: str) -> None:
    text = "fail code=InvalidParameter message='The input image broke.'"
    rate = (
        Settings(fault_rate=1.0, faults=(parse_fault(text + " on=async"),))
        if by == "settings"
        else Settings()
    )
    emulator = Emulator(settings=rate if by != "hand" else Settings(working=60))
    if by == "script":
        emulator.faults.queue([parse_fault(text)])
    task = submit(emulator, BODY, **({"x_wan_fault": text} if by == "header" else {}))
    if by == "hand":
        assert emulator.complete_task(task, "InvalidParameter", "The input image broke.")
    output = query(emulator, task)["output"]
    assert (output["task_status"], output["code"]) == ("FAILED", "InvalidParameter")
    assert output["message"] == "The input image broke."


def test_a_code_brings_its_documented_wording() -> None:
    for code, rows in SPEC.service["messages"].items():
        answer = create(Emulator(), BODY, x_wan_fault=f"error code='{code}'")
        assert json_of(answer)["message"] == rows[0]["is"].replace("{url}", "the URL")


def test_the_help_text_lists_every_kind() -> None:
    help_text = CliRunner().invoke(app(), ["serve", "--help"], prog_name="wanlib").output
    shown = help_text.split("Kinds:")[1]
    for kind in FAULT_KINDS:
        assert re.search(rf"\b{kind}\b", shown), kind


@pytest.mark.parametrize("working", [1.0, 1e9])
def test_a_job_that_takes_no_time_has_ended_when_it_is_accepted(working: float) -> None:
    emulator = Emulator(settings=Settings(waiting=1, working=working))
    soon = json_of(create(emulator, BODY, x_wan_fault="soon"))["output"]["task_id"]
    usual = submit(emulator, BODY)
    assert query(emulator, soon)["output"]["task_status"] == "SUCCEEDED"
    assert query(emulator, usual)["output"]["task_status"] == "PENDING"
