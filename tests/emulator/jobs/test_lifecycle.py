"""States of a task by task.yaml, with the edges of its expiry and of its links."""

import pytest

from tests.emulator.api_client import (
    BODIES,
    PLAIN,
    advance,
    create,
    fetch,
    json_of,
    links,
    query,
    send,
    status,
    submit,
)
from tests.support.api_facts import KEPT_FOR, LINKS_LIVE, SPEC, seconds
from wanlib.emulator import Emulator, ManualClock, Settings
from wanlib.emulator.jobs.lifecycle import has_elapsed

DAY, LINKS = KEPT_FOR, LINKS_LIVE
TIMEOUT = seconds(SPEC.wire["timeouts"]["internal"])
NEVER = float("inf")


def advanced(emulator: Emulator, seconds: float) -> Emulator:
    advance(emulator, seconds)
    return emulator


@pytest.mark.parametrize("settings", [Settings(), Settings(waiting=1, working=9), Settings(waiting=NEVER)])
@pytest.mark.parametrize("fault", ["", "fail"])
def test_a_task_is_unknown_from_exactly_its_expiry(settings: Settings, fault: str) -> None:
    emulator = Emulator(settings=settings, clock=ManualClock(1_767_225_600.123))
    task = submit(emulator, BODIES[PLAIN], **({"x_wan_fault": fault} if fault else {}))
    advanced(emulator, DAY - 0.001)
    assert status(emulator, task) != "UNKNOWN"
    advanced(emulator, 0.001)
    answer = query(emulator, task)
    assert answer["output"] == {"task_id": task, "task_status": "UNKNOWN"}


def test_ids_that_never_existed_are_unknown_without_an_error() -> None:
    emulator = Emulator()
    create(emulator, BODIES[PLAIN], "sync")
    (work,) = emulator.jobs()
    for name in ("1111", work.id):  # a synchronous call has no id to ask for
        assert query(emulator, name)["output"] == {"task_id": name, "task_status": "UNKNOWN"}


@pytest.mark.parametrize("working", [0.0, 3600.0])
def test_links_are_dead_from_exactly_their_expiry(working: float) -> None:
    emulator = Emulator(settings=Settings(working=working))
    task = submit(emulator, BODIES[PLAIN])
    (link, _) = links(query(advanced(emulator, working), task))
    assert f"Expires={int(emulator.clock.wall() + LINKS)}" in link
    assert fetch(advanced(emulator, LINKS - 0.001), link).status == 200
    dead = fetch(advanced(emulator, 0.001), link)
    assert dead.status == 403 and b"Request has expired." in dead.body
    assert fetch(emulator, link.replace("Signature=", "Signature=x")).status == 404  # was never given


def test_a_link_is_dead_although_older_work_keeps_its_successors_in_mind() -> None:
    emulator = Emulator(settings=Settings(working=NEVER))
    older, task = submit(emulator, BODIES[PLAIN]), submit(emulator, BODIES[PLAIN])
    emulator.complete_task(task)
    link = links(query(emulator, task))[0]
    emulator.complete_task(submit(advanced(emulator, LINKS - 3600), BODIES[PLAIN]))
    emulator.complete_task(older)
    assert fetch(advanced(emulator, 3600), link).status == 403 and len(emulator.jobs()) == 3
    assert json_of(send(emulator, "GET", "/tasks/"))["total"] == 1


def test_links_outlive_their_task() -> None:
    emulator = Emulator(settings=Settings(working=3600))
    task = submit(emulator, BODIES[PLAIN])
    link = links(query(advanced(emulator, 3600), task))[0]
    advanced(emulator, DAY - 1800)
    assert status(emulator, task) == "UNKNOWN" and fetch(emulator, link).status == 200


def test_nothing_is_fetched_before_the_end_or_beyond_the_last_picture() -> None:
    emulator = Emulator(settings=Settings(working=10))
    task = submit(emulator, BODIES[PLAIN])
    link = links(query(advanced(emulator, 10), task))[0]
    other = Emulator(settings=Settings(working=10))
    assert submit(other, BODIES[PLAIN]) == task  # the same seed
    assert fetch(other, link).status == 404
    assert fetch(emulator, link.replace("/0.png", "/2.png")).status == 403  # signed for another picture
    assert fetch(emulator, link.replace("/0.png", "/\u0660.png")).status == 404
    unsigned = fetch(emulator, link.partition("?")[0])
    assert (unsigned.status, b"SignatureDoesNotMatch" in unsigned.body) == (403, True)


def test_only_waiting_tasks_can_be_canceled() -> None:
    emulator = Emulator(settings=Settings(waiting=10, working=10))
    waiting, running, ended = (submit(emulator, BODIES[PLAIN]) for _ in range(3))
    assert json_of(send(emulator, "POST", f"/tasks/{waiting}/cancel")).keys() == {"request_id"}
    assert status(emulator, waiting) == "CANCELED"
    for moment, task in ((10, running), (10, ended), (0, waiting), (0, "1111")):
        answer = send(advanced(emulator, moment), "POST", f"/tasks/{task}/cancel")
        assert answer.status == 400 and json_of(answer)["code"] == "UnsupportedOperation"
    assert status(emulator, running) == "SUCCEEDED" and status(emulator, waiting) == "CANCELED"


def test_a_task_can_be_completed_manually() -> None:
    emulator = Emulator(settings=Settings(working=NEVER))
    well, badly = submit(emulator, BODIES[PLAIN]), submit(emulator, BODIES[PLAIN])
    assert emulator.complete_task(well) and emulator.complete_task(badly, "DataInspectionFailed")
    assert status(emulator, well) == "SUCCEEDED"
    assert query(emulator, badly)["output"]["code"] == "DataInspectionFailed"
    assert not emulator.complete_task(well) and not emulator.complete_task("1111")


@pytest.mark.parametrize(
    ("working", "end"), [(TIMEOUT, "SUCCEEDED"), (TIMEOUT + 1, "FAILED"), (NEVER, "FAILED")]
)
@pytest.mark.parametrize("quotas", [False, True])
def test_work_without_a_result_fails_at_the_internal_timeout(working: float, end: str, quotas: bool) -> None:
    emulator = Emulator(settings=Settings(waiting=60, working=working, quotas=quotas))
    task = submit(emulator, BODIES[PLAIN])
    assert status(advanced(emulator, 60 + TIMEOUT - 0.001), task) == "RUNNING"
    answer = query(advanced(emulator, 0.001), task)["output"]
    assert answer["task_status"] == end
    assert answer.get("code") == ("InternalError.Timeout" if end == "FAILED" else None)
    (account,) = emulator.ledger()
    assert account.failed == (end == "FAILED") and account.pictures == (2 if end == "SUCCEEDED" else 0)


def test_a_failing_task_can_be_completed_as_succeeded() -> None:
    emulator = Emulator(settings=Settings(working=NEVER))
    task = submit(emulator, BODIES[PLAIN])
    assert emulator.complete_task(task) and status(emulator, task) == "SUCCEEDED"


@pytest.mark.parametrize("model", ["wan2.5-i2i-preview", PLAIN])
def test_a_partial_failure_succeeds_with_the_produced_pictures(model: str) -> None:
    emulator = Emulator()
    answer = query(emulator, submit(emulator, BODIES[model], x_wan_fault="partial count=1"))
    assert answer["output"]["task_status"] == "SUCCEEDED" and answer["usage"]["image_count"] == 1
    assert len(links(answer)) == 1
    if model != PLAIN:
        assert [sorted(entry)[0] for entry in answer["output"]["results"]] == ["actual_prompt", "code"]
        assert answer["output"]["task_metrics"] == {"TOTAL": 2, "SUCCEEDED": 1, "FAILED": 1}


def test_a_set_may_come_short_and_a_number_may_not() -> None:
    emulator = Emulator()
    many = BODIES[PLAIN] | {"parameters": {"enable_sequential": True, "n": 6}}
    assert len(links(json_of(create(emulator, many, "sync", x_wan_fault="short count=2")))) == 4
    assert len(links(json_of(create(emulator, BODIES[PLAIN], "sync", x_wan_fault="short")))) == 2


def test_expired_jobs_are_deleted() -> None:
    emulator = Emulator()
    for _ in range(50):
        submit(emulator, BODIES[PLAIN])
        advanced(emulator, 3600)
    assert len(emulator.jobs()) <= DAY / 3600 + 1


def test_a_span_is_over_exactly_where_sums_of_moments_are_not() -> None:
    for milliseconds in range(1000):
        since = 1_767_225_600 + milliseconds / 1000
        assert has_elapsed(DAY, since, since + DAY) and not has_elapsed(DAY, since, since + DAY - 0.0005)
