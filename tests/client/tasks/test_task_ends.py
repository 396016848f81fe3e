"""The ends of a task: each is a separate outcome."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.client.client_fixture import World
from tests.client.response_samples import TASK, choice, choices, image, link, refusal, reply, results, task
from tests.client.service import CREATED, OLD, PHOTO, PRO, RUNNING
from wanlib import errors
from wanlib.client.journal.journal import Journal

UNKNOWN = reply(task("UNKNOWN"))
NESTED = reply(task("FAILED", code="DataInspectionFailed", message="Output data may be inappropriate."))
FLAT = refusal("DataInspectionFailed", "Output data may be inappropriate.", 200)
BARE = reply(task("FAILED"))
SUCCEEDED = reply(task("SUCCEEDED", **choices(choice(image("one")))["output"]))


def edit(world: World, model: str = PRO, **given: Any) -> Any:
    return world.do(world.wan.edit(model, "Make it dusk", images=[PHOTO], **{"n": 1, **given}))


@pytest.mark.parametrize("answer", [NESTED, FLAT], ids=["nested", "flat"])
def test_failed_is_an_error_with_its_reason(world: World, answer: Any) -> None:
    """Row `FAILED`: the SDK returns status_code 200, code None, message ""."""
    world.service.on("create", CREATED)
    world.service.on("query", RUNNING, answer)
    with pytest.raises(errors.TaskFailedError, match="Output data may be inappropriate") as caught:
        edit(world)
    error = caught.value
    assert (error.code, error.task_id) == ("DataInspectionFailed", TASK)
    assert error.request_id
    assert world.wan.spent == 0


PASSING = refusal("InternalError", "Try again.", 200)


def tasks(status: str | None) -> Any:
    """The list of recent tasks, with this one in it or not."""
    shown = [{"task_id": TASK, "status": status}] if status else []
    counts = {"total": len(shown), "total_page": 1, "page_no": 1, "page_size": 100}
    return reply({"request_id": "r", "data": shown, **counts})


@pytest.mark.parametrize("listed", ["RUNNING", None])
def test_an_error_that_passes_does_not_end_a_task(world: World, listed: str | None) -> None:
    """The form of a flat FAILED is that of an error of the query: the list or a second query decides."""
    world.service.on("create", CREATED)
    world.service.on("query", PASSING, RUNNING, SUCCEEDED)
    world.service.on("list", tasks(listed))
    assert edit(world).images


@pytest.mark.parametrize(("listed", "looks"), [("FAILED", 1), (None, 3)])
def test_a_flat_failure_is_one_when_it_is_confirmed(world: World, listed: str | None, looks: int) -> None:
    world.service.on("create", CREATED)
    world.service.on("query", PASSING)
    world.service.on("list", tasks(listed))
    with pytest.raises(errors.TaskFailedError) as caught:
        edit(world)
    assert (caught.value.code, world.service.count("query")) == ("InternalError", looks)


def test_failed_without_a_reason_is_failed_too(world: World) -> None:
    world.service.on("create", CREATED)
    world.service.on("query", BARE)
    with pytest.raises(errors.TaskFailedError, match="no reason is given"):
        edit(world)


def test_canceled_is_an_error_of_its_own(world: World) -> None:
    """Row `CANCELED`."""
    world.service.on("create", CREATED)
    world.service.on("query", reply(task("CANCELED")))
    with pytest.raises(errors.TaskCanceledError) as caught:
        edit(world)
    assert (caught.value.task_id, world.wan.spent) == (TASK, 0)


def test_unknown_at_once_is_a_matter_of_account_or_region(world: World) -> None:
    """Row `UNKNOWN`: returned as success by the SDK. It ends the wait at once."""
    world.service.on("create", CREATED)
    world.service.on("query", UNKNOWN)
    with pytest.raises(errors.TaskUnknownError, match="account and region") as caught:
        edit(world)
    assert (caught.value.task_id, world.service.count("query")) == (TASK, 1)


def test_unknown_after_a_day_has_expired(world: World) -> None:
    world.service.on("create", CREATED)
    world.service.on("query", UNKNOWN)
    handle = world.do(world.wan.submit(PRO, "Make it dusk", images=[PHOTO], n=1))
    world.time.at += 25 * 3600
    with pytest.raises(errors.TaskUnknownError, match=r"expired.*25\.0 hours ago"):
        world.do(handle.wait())


def test_unknown_of_another_process_may_be_either(world: World) -> None:
    world.service.on("query", UNKNOWN)
    with pytest.raises(errors.TaskUnknownError, match=r"expired .* or belongs to another account"):
        world.do(world.wan.task(TASK).wait())


def test_the_failures_of_a_partial_success_are_apart_from_its_pictures(world: World) -> None:
    """Row `partial success (2.5)`: the failed entry's empty url is in the SDK's list of URLs."""
    world.service.on("create", CREATED)
    failed = {"code": "DataInspectionFailed", "message": "No.", "url": ""}
    world.service.on("query", reply(results({"url": link("a"), "orig_prompt": "p"}, failed)))
    result = edit(world, OLD, n=2)
    assert [each.url for each in result.images] == [link("a")]
    assert (result.failures[0].code, result.has_failures, result.is_incomplete) == (
        "DataInspectionFailed",
        True,
        True,
    )
    assert (result.spent.pictures, world.wan.spent) == (1, result.spent.amount)


def test_fewer_pictures_than_requested_are_reported(world: World) -> None:
    """Row `fewer images than n (2.7)`."""
    world.service.on("create", CREATED)
    body = choices(choice(image("a")), choice(image("b")), task_id=TASK, task_status="SUCCEEDED")
    world.service.on("query", reply(body))
    result = edit(world, n=4)
    assert (len(result.images), result.requested, result.is_incomplete, result.has_failures) == (
        2,
        4,
        True,
        False,
    )
    assert result.spent.pictures == 2


def test_a_set_of_pictures_may_be_smaller(world: World) -> None:
    """With enable_sequential the model decides how many: then fewer is no shortfall."""
    world.service.on("create", CREATED)
    body = choices(choice(image("a"), image("b")), task_id=TASK, task_status="SUCCEEDED")
    world.service.on("query", reply(body))
    result = edit(world, n=4, enable_sequential=True)
    assert (len(result.images), result.exact, result.is_incomplete) == (2, False, False)


def test_success_without_a_picture_is_not_an_error_and_costs_nothing(world: World) -> None:
    world.service.on("create", CREATED)
    world.service.on("query", reply(choices(task_id=TASK, task_status="SUCCEEDED")))
    result = edit(world)
    assert (result.images, result.is_incomplete, world.wan.spent) == ((), True, 0)


def test_success_in_an_unknown_form_keeps_the_task(world: World) -> None:
    world.service.on("create", CREATED)
    world.service.on("query", reply(task("SUCCEEDED", pictures=[link("a")])))
    with pytest.raises(errors.MalformedResponseError) as caught:
        edit(world)
    assert caught.value.task_id == TASK


def test_answers_with_an_empty_code_and_message_are_not_failures(world: World) -> None:
    world.service.on("create", CREATED)
    body = choices(choice(image("a")), task_id=TASK, task_status="SUCCEEDED", code="", message=None)
    world.service.on("query", reply({**body, "code": "", "message": "", "error_code": 0}))
    assert len(edit(world).images) == 1


def test_many_waits_keep_their_own_ends(world: World) -> None:
    ids = [f"task-{index}" for index in range(3)]
    ends = {"task-0": RUNNING, "task-1": NESTED, "task-2": UNKNOWN}
    world.service.on("query", lambda request: ends[request.url.path.rpartition("/")[2]])
    outcomes = world.do(world.wan.wait(ids, timeout=60))
    assert [type(each) for each in outcomes] == [
        errors.DeadlineExceededError,
        errors.TaskContentModerationError,
        errors.TaskUnknownError,
    ]
    assert [each.task_id for each in outcomes] == ids


ODD_IDS = ["../uploads?x=1#", "a/b", "a?b", "a#b", "..", "a b", "", "é", "x" * 65, "a\n", "%2e%2e", "a\u0661"]


@pytest.mark.parametrize("task_id", [*ODD_IDS, None, 7, b"a"])
def test_a_task_id_never_leads_a_url_elsewhere(world: World, task_id: Any) -> None:
    """The official SDK pastes task ids into the URL."""
    wan = world.wan
    jobs: list[Callable[[], Any]] = [
        lambda: wan.task(task_id),
        lambda: world.do(wan.cancel(task_id)),
        lambda: world.do(wan.wait([task_id])),
    ]
    for job in jobs:
        with pytest.raises(errors.InvalidArgumentError, match="task id is"):
            job()
    if task_id is not None:
        with pytest.raises(errors.InvalidArgumentError, match="task id is"):
            world.all(wan.tasks(task_id=task_id))
    assert not world.service.seen


@pytest.mark.parametrize("code", ["DataInspectionFailed", "InternalError", "InvalidParameter", "Throttling"])
def test_the_journal_has_the_state_of_a_failed_task_for_every_cause(
    world: World, code: str, tmp_path: Path
) -> None:
    """An error of its own kind for the cause was written down as no state at all."""
    world.service.on("create", CREATED)
    world.service.on("query", reply(task("FAILED", code=code, message="No.")))
    journal = Journal(tmp_path / "calls.sqlite")
    wan = world.client(journal=journal)
    with pytest.raises(errors.TaskFailedError):
        world.do(wan.edit(PRO, "Make it dusk", images=[PHOTO], n=1))
    entry = journal.entry(TASK)
    assert entry is not None and (entry.status, entry.state) == ("FAILED", "done")
