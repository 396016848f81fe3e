"""Listing and canceling: filters, names, times, refusals, lost answers."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.client.client_fixture import World
from tests.client.response_samples import START, TASK, refusal, reply, task
from tests.client.service import CREATED, PAGE, PHOTO, PRO, RUNNING
from wanlib import errors
from wanlib.client.tasks import task_list

NOT_PENDING = refusal(
    "UnsupportedOperation", "Failed to cancel the task, please confirm if the task is in PENDING status."
)
GONE = reply({"request_id": "req-k"})


def entry(task_id: str, status: str = "RUNNING", **more: Any) -> dict[str, Any]:
    return {
        "task_id": task_id,
        "status": status,
        "model_name": PRO,
        "gmt_create": int(START * 1000) + 250,
        "start_time": int(START * 1000) + 1000,
        "end_time": None,
        "request_id": "req-e",
        "api_key_id": "1234",
        **more,
    }


def listing(*entries: dict[str, Any], page: int = 1, pages: int = 1) -> Any:
    return reply(
        {
            "request_id": "req-l",
            "data": list(entries),
            "page_no": page,
            "total_page": pages,
            "total": len(entries),
        }
    )


def query(world: World, index: int = -1) -> dict[str, str]:
    seen = world.service.of("list")[index]
    return {name: value for name, (value,) in parse_qs(urlsplit(seen.url).query).items()}


@pytest.mark.parametrize("broken", [reply(b"<html>"), reply(b"{}{}"), reply([1])])
def test_an_unreadable_page_is_requested_again(world: World, broken: Any) -> None:
    world.service.on("list", broken, listing(entry("a")))
    assert [each.task_id for each in world.all(world.wan.tasks())] == ["a"]
    assert world.service.count("list") == 2


def test_the_list_has_names_and_times_of_its_own(world: World) -> None:
    world.service.on("list", listing(entry("a"), entry("b", "SUCCEEDED", end_time=int(START * 1000) + 9000)))
    first, second = world.all(world.wan.tasks())
    assert (first.task_id, first.status, first.model) == ("a", "RUNNING", PRO)
    assert (first.created_at, first.started_at, first.ended_at) == (START + 0.25, START + 1, None)
    assert (second.status, second.ended_at) == ("SUCCEEDED", START + 9)
    assert (first.request_id, first.raw["api_key_id"]) == ("req-e", "1234")
    assert world.service.seen[0].method == "GET"
    assert set(query(world)) == {"page_no", "page_size"}


def test_every_page_is_requested_once(world: World) -> None:
    world.service.on("list", *(listing(entry(str(page)), page=page, pages=3) for page in (1, 2, 3)), PAGE)
    assert [each.task_id for each in world.all(world.wan.tasks())] == ["1", "2", "3"]
    assert [query(world, index)["page_no"] for index in range(3)] == ["1", "2", "3"]


def endless(world: World, seconds: float, *, is_new: bool = True) -> None:
    """Answer each query after some seconds with a full page, out of a thousand million."""
    pages = iter(range(10**9))

    def answer_page(_: Any) -> Any:
        world.time.at += seconds
        number = next(pages) if is_new else 0
        return listing(*(entry(f"{number}-{index}") for index in range(3)), pages=10**9)

    world.service.on("list", answer_page)


def test_a_list_that_claims_pages_without_end_ends(world: World) -> None:
    world.service.on("list", listing(entry("1"), pages=10**9), listing(pages=10**9))
    assert len(world.all(world.wan.tasks())) == 1
    assert world.service.count("list") == 2


def test_a_list_that_repeats_itself_ends(world: World) -> None:
    endless(world, 0.0, is_new=False)
    assert [each.task_id for each in world.all(world.wan.tasks())] == ["0-0", "0-1", "0-2"]
    assert world.service.count("list") == 2


def test_a_list_without_end_takes_no_longer_than_a_call(world: World) -> None:
    endless(world, 5.0)
    began = world.time.at
    with pytest.raises(
        errors.DeadlineExceededError, match=r"1,000,000,000 pages.* the timeout has passed after 12"
    ):
        world.all(world.client(timeout=60.0).tasks())
    assert world.time.at - began < 70
    began = world.time.at
    with pytest.raises(errors.DeadlineExceededError):
        lost = errors.OutcomeUnknownError("lost", model=PRO, sent_at=world.time.wall())
        world.do(world.client(timeout=60.0).find_lost(lost))
    assert world.time.at - began < 70


def test_the_time_between_two_pages_is_the_callers_own(world: World) -> None:
    world.service.on("list", *(listing(entry(str(page)), page=page, pages=3) for page in (1, 2, 3)))
    wan = world.client(timeout=60.0)
    seen = []

    async def walk(tasks: Any) -> None:
        async for task in tasks:
            seen.append(task.task_id)
            world.time.at += 100

    if world.kind == "async":
        world.do(walk(wan.tasks()))
    else:
        for task in wan.tasks():
            seen.append(task.task_id)
            world.time.at += 100
    assert seen == ["1", "2", "3"]


def test_a_list_of_more_pages_than_an_account_can_have(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task_list, "MAX_PAGES", 4)
    endless(world, 0.0)
    with pytest.raises(errors.MalformedResponseError, match=r"1,000,000,000 pages.* at most 4 are fetched"):
        world.all(world.wan.tasks())
    assert world.service.count("list") == 4


def test_filters_go_by_the_names_of_the_page(world: World) -> None:
    world.service.on("list", listing())
    start = datetime(2026, 5, 4, 7, 0, 0, tzinfo=timezone(timedelta(hours=8)))
    end = datetime(2026, 5, 3, 23, 30, 15, tzinfo=UTC)
    world.all(world.wan.tasks(status="FAILED", model=PRO, task_id="abc", start=start, end=end))
    sent = query(world)
    assert (sent["status"], sent["model_name"], sent["task_id"]) == ("FAILED", PRO, "abc")
    assert (sent["start_time"], sent["end_time"]) == ("20260504070000", "20260504073015")  # at UTC+8


def test_the_first_and_last_times_of_a_datetime_are_filters(world: World) -> None:
    world.service.on("list", listing())
    first, last = (moment.replace(tzinfo=UTC) for moment in (datetime.min, datetime.max))
    world.all(world.wan.tasks(start=first, end=last))
    assert query(world)["end_time"].startswith("99991231")


def test_one_time_alone_is_completed_within_a_day(world: World) -> None:
    world.service.on("list", listing())
    world.all(world.wan.tasks(start=START - 3600))
    sent = query(world)
    assert (sent["start_time"], sent["end_time"]) == ("20260504070000", "20260504080000")
    world.all(world.wan.tasks(end=START - 3600))
    sent = query(world)
    form = "%Y%m%d%H%M%S"
    span = datetime.strptime(sent["end_time"], form) - datetime.strptime(sent["start_time"], form)
    assert timedelta(hours=22) < span <= timedelta(hours=24)


@pytest.mark.parametrize(
    "filters",
    [
        {"status": "DONE"},
        {"status": 3},
        {"start": datetime(2026, 5, 4)},
        {"end": "yesterday"},
        {"start": True},
    ],
    ids=str,
)
def test_a_filter_that_the_page_does_not_have_is_refused(world: World, filters: dict[str, Any]) -> None:
    with pytest.raises(errors.InvalidArgumentError, match="allowed"):
        world.all(world.wan.tasks(**filters))
    with pytest.raises(errors.InvalidRequestError, match="no model"):
        world.all(world.wan.tasks(model="wan2.7"))
    assert not world.service.seen


def test_a_list_tries_again(world: World) -> None:
    """Row `cancel / list hang`: a cut or a gateway's page is tried again, for nothing is paid."""
    world.service.on("list", httpx.ReadTimeout, PAGE, httpx.ReadError, listing(entry("a")))
    assert len(world.all(world.wan.tasks())) == 1


def test_a_list_that_is_refused_is_typed(world: World) -> None:
    world.service.on("list", refusal("InvalidApiKey", "No.", 401))
    with pytest.raises(errors.AuthenticationError):
        world.all(world.wan.tasks())


def test_cancel_is_a_post_without_a_body(world: World) -> None:
    world.service.on("cancel", GONE)
    assert world.do(world.wan.cancel(TASK)) is None
    (seen,) = world.service.seen
    assert (seen.method, seen.body, seen.url.rpartition("/tasks/")[2]) == ("POST", b"", f"{TASK}/cancel")


@pytest.mark.parametrize("status", ["RUNNING", "SUCCEEDED", "FAILED"])
def test_a_task_that_is_not_pending_cannot_be_canceled(world: World, status: str) -> None:
    """Row `cancel of a RUNNING task`: a 400 response, untyped."""
    world.service.on("cancel", NOT_PENDING)
    world.service.on("query", reply(task(status)))
    with pytest.raises(errors.InvalidRequestError, match="PENDING") as caught:
        world.do(world.wan.cancel(TASK))
    error = caught.value
    assert (error.status, error.code, error.request_id, error.task_id) == (
        400,
        "UnsupportedOperation",
        "req-1",
        TASK,
    )


@pytest.mark.parametrize("lost", [httpx.ReadError, httpx.ReadTimeout, PAGE])
def test_a_cancel_whose_answer_was_lost_has_worked(world: World, lost: Any) -> None:
    world.service.on("cancel", lost, NOT_PENDING)
    world.service.on("query", reply(task("CANCELED")))
    assert world.do(world.wan.cancel(TASK)) is None
    assert world.service.count("cancel") == 2


def test_cancel_by_the_handle(world: World) -> None:
    world.service.on("create", CREATED)
    world.service.on("cancel", GONE)
    world.service.on("query", RUNNING, reply(task("CANCELED")))
    handle = world.do(world.wan.submit(PRO, "Make it dusk", images=[PHOTO], n=1))
    world.do(handle.cancel())
    with pytest.raises(errors.TaskCanceledError):
        world.do(handle.wait())


def test_a_lost_call_is_found_by_model_and_time(world: World) -> None:
    world.service.on("create", httpx.ReadTimeout)
    with pytest.raises(errors.OutcomeUnknownError) as caught:
        world.do(world.wan.edit(PRO, "Make it dusk", images=[PHOTO], n=1))
    world.service.on("list", listing(entry("found")))
    assert [each.task_id for each in world.do(world.wan.find_lost(caught.value))] == ["found"]
    sent = query(world)
    assert (sent["model_name"], sent["start_time"], sent["end_time"]) == (
        PRO,
        "20260504075800",
        "20260504080200",
    )
