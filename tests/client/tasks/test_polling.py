"""Polling: when a task is asked for, what passes, and that every wait ends."""

from email.utils import formatdate
from typing import Any

import httpx
import pytest

from tests.client.client_fixture import World
from tests.client.response_samples import TASK, image, refusal, reply, task
from tests.client.service import BROKEN, CREATED, DONE, PAGE, PHOTO, PRO, RUNNING, Answer
from tests.support.api_facts import API
from wanlib import errors

NULL = reply({"request_id": "req-n", "output": None})
PASSING: dict[str, tuple[Answer, type[Exception]]] = {
    "503 of the vendor": (refusal("ModelUnavailable", "Busy.", 503), errors.ServiceError),
    "500 of the vendor": (refusal("InternalError", "Oh.", 500), errors.ServiceError),
    "429": (refusal("Throttling.RateQuota", "Slow down.", 429), errors.RateLimitError),
    "502 HTML": (PAGE, errors.MalformedResponseError),
    "504 HTML": (PAGE._replace(status=504), errors.MalformedResponseError),
    "200 HTML": (PAGE._replace(status=200), errors.MalformedResponseError),
    "broken JSON": (BROKEN, errors.MalformedResponseError),
    "an empty body": (reply(b""), errors.MalformedResponseError),
    "a list": (reply([]), errors.MalformedResponseError),
    "no output": (reply({"request_id": "req-n"}), errors.MalformedResponseError),
    "output null": (NULL, errors.MalformedResponseError),
    "no task_status": (reply({"output": {"task_id": TASK}}), errors.MalformedResponseError),
    "a redirect": (reply(b"", 302, location="https://x.example.com/"), errors.MalformedResponseError),
    "a reset": (httpx.ReadError, errors.ConnectionFailedError),
    "closed": (httpx.RemoteProtocolError, errors.ConnectionFailedError),
    "no answer in time": (httpx.ReadTimeout, errors.ConnectionFailedError),
    "no connection": (httpx.ConnectError, errors.ConnectionFailedError),
}
FINAL: dict[str, tuple[Answer, type[errors.WanError]]] = {
    "key withdrawn": (refusal("InvalidApiKey", "No.", 401), errors.AuthenticationError),
    "rights": (refusal("AccessDenied", "No.", 403), errors.AuthenticationError),
    "no such thing": (refusal("NotFound", "No.", 404), errors.NotFoundError),
    "bill": (refusal("Arrearage", "Pay.", 400), errors.QuotaExceededError),
}
GAPS = [1.0, 2.0, 4.0, 8.0, API.max_poll_interval, API.max_poll_interval, API.max_poll_interval]


def edit(world: World, **given: Any) -> Any:
    return world.do(world.wan.edit(PRO, "Make it dusk", images=[PHOTO], n=1, **given))


def test_the_gaps_grow_to_the_advised_one(world: World) -> None:
    world.service.on("create", CREATED)
    world.service.on("query", *[RUNNING] * 6, DONE)
    result = edit(world)
    assert result.task_id == TASK
    assert world.service.gaps("query") == GAPS


@pytest.mark.parametrize("name", PASSING)
def test_a_temporary_failure_does_not_end_a_wait(world: World, name: str) -> None:
    """Rows `one 429/500 while polling`, `one reset while polling`, `poll answer without task_status`."""
    world.service.on("create", CREATED)
    world.service.on("query", RUNNING, *[PASSING[name][0]] * 4, RUNNING, DONE)
    assert len(edit(world).images) == 1
    assert world.service.gaps("query") == GAPS


@pytest.mark.parametrize("name", PASSING)
def test_a_permanent_failure_ends_at_the_deadline_with_task_and_cause(world: World, name: str) -> None:
    """Rows `task never finishes` and `503 on every poll`: the SDK polls without end, or loses the task id."""
    answer, cause = PASSING[name]
    world.service.on("create", CREATED)
    world.service.on("query", RUNNING, answer)
    with pytest.raises(errors.DeadlineExceededError, match="was RUNNING at the last poll") as caught:
        edit(world, timeout=100)
    assert caught.value.task_id == TASK
    assert isinstance(caught.value.__cause__, cause)
    assert world.time.at == 1100
    assert world.service.count("create") == 1


@pytest.mark.parametrize("status", ["PENDING", "RUNNING", "SUSPENDED", "DREAMING"])
def test_a_status_that_is_not_terminal_is_polled_until_the_deadline(world: World, status: str) -> None:
    """The status `SUSPENDED` of the error table, and undocumented statuses."""
    world.service.on("create", CREATED)
    world.service.on("query", reply(task(status)))
    with pytest.raises(errors.DeadlineExceededError, match=status) as caught:
        edit(world)
    assert (caught.value.task_id, world.time.at) == (TASK, 1900)


@pytest.mark.parametrize("status", ["SUSPENDED", "DREAMING"])
def test_a_task_may_succeed_after_an_unknown_status(world: World, status: str) -> None:
    world.service.on("create", CREATED)
    world.service.on("query", reply(task(status)), DONE)
    statuses: list[tuple[str, str]] = []
    edit(world, on_status=lambda *status: statuses.append(status))
    assert statuses == [(TASK, status), (TASK, "SUCCEEDED")]


@pytest.mark.parametrize("name", FINAL)
def test_a_refusal_of_the_query_ends_the_wait_with_the_task_id(world: World, name: str) -> None:
    answer, family = FINAL[name]
    world.service.on("create", CREATED)
    world.service.on("query", RUNNING, answer)
    with pytest.raises(family) as caught:
        edit(world)
    assert caught.value.task_id == TASK
    assert (caught.value.status, caught.value.request_id) == (answer.status, "req-1")  # type: ignore[union-attr]


def test_retry_after_lengthens_the_gap(world: World) -> None:
    world.service.on("create", CREATED)
    busy = refusal("Throttling", "Slow down.", 429, retry_after="45")
    world.service.on("query", RUNNING, busy, DONE)
    edit(world)
    assert world.service.gaps("query") == [1.0, 2.0, 45.0]


def test_retry_after_as_a_date_too(world: World) -> None:
    date = formatdate(world.time.wall() + 60, usegmt=True)
    world.service.on("create", CREATED)
    world.service.on("query", refusal("Throttling", "Slow down.", 429, retry_after=date), DONE)
    edit(world)
    assert sum(world.service.gaps("query")) == pytest.approx(60, abs=1)


def test_a_retry_after_beyond_the_deadline_ends_there(world: World) -> None:
    world.service.on("create", CREATED)
    world.service.on("query", refusal("Throttling", "Slow down.", 429, retry_after="86400"))
    with pytest.raises(errors.DeadlineExceededError) as caught:
        edit(world, timeout=30)
    assert isinstance(caught.value.__cause__, errors.RateLimitError)
    assert (world.time.at, world.service.count("query")) == (1030, 1)


def test_a_status_callback_that_fails_costs_nothing(world: World) -> None:
    world.service.on("create", CREATED)
    world.service.on("query", RUNNING, DONE)

    def on_status(task_id: str, status: str) -> None:
        raise RuntimeError("a bug of the caller")

    assert edit(world, on_status=on_status).images


def test_the_task_goes_on_by_its_id_after_a_deadline(world: World) -> None:
    world.service.on("create", CREATED)
    world.service.on("query", RUNNING)
    with pytest.raises(errors.DeadlineExceededError) as caught:
        edit(world, timeout=30)
    world.service.on("query", DONE)
    assert world.do(world.wan.task(caught.value.task_id).wait()).images
    assert world.service.count("create") == 1


def test_one_query_is_repeated_a_few_times_and_then_fails(world: World) -> None:
    """`status()` is one question: a passing trouble is tried again, five times in all."""
    world.service.on("query", PAGE, httpx.ReadError, RUNNING)
    assert world.do(world.wan.task(TASK).status()).status == "RUNNING"
    world.service.on("query", PAGE)
    with pytest.raises(errors.MalformedResponseError) as caught:
        world.do(world.wan.task(TASK).status())
    assert (caught.value.status, caught.value.task_id, world.service.count("query")) == (502, TASK, 8)


def test_a_sync_result_has_no_members_of_a_task(world: World) -> None:
    """In the official SDK `output.task_status` raises AttributeError on a synchronous success."""
    answer = reply({"request_id": "req-2", "output": {"choices": [{"message": {"content": [image("a")]}}]}})
    world.service.on("create", answer)
    result = edit(world, via="sync")
    assert (result.task_id, result.request_id, hasattr(result, "task_status")) == (None, "req-2", False)
    assert not world.service.count("query")
