"""Creating: what is sent again, what it raises, what it costs. Nothing is paid twice."""

from itertools import pairwise
from typing import Any

import httpx
import pytest

from tests.client.client_fixture import World
from tests.client.response_samples import TASK, choices, image, refusal, reply
from tests.client.service import BROKEN, CREATED, DONE, PAGE, PHOTO, POLICY, PRO, RUNNING, Answer
from tests.support.api_facts import API, price_of
from tests.support.image_files import picture
from wanlib import errors
from wanlib.errors import BudgetExceededError, OutcomeUnknownError, WanError

BUSY = refusal("Throttling.RateQuota", "Requests rate limit exceeded.", 429)
BUSY_FOR_30 = refusal("Throttling", "Slow down.", 429, retry_after="30")

PASSING: dict[str, Answer] = {
    "DNS, refused connection or TLS": httpx.ConnectError,
    "no connection in time": httpx.ConnectTimeout,
    "no free connection": httpx.PoolTimeout,
    "the proxy refuses": httpx.ProxyError,
    "rate limit": BUSY,
    "quota that comes back": refusal("Throttling.AllocationQuota", "Allocated quota exceeded.", 429),
}
"""Nothing can have been accepted: sent again."""

REFUSED: dict[str, tuple[int, str, type[WanError]]] = {
    "invalid key": (401, "InvalidApiKey", errors.AuthenticationError),
    "rights": (403, "Model.AccessDenied", errors.AuthenticationError),
    "free tier": (403, "AllocationQuota.FreeTierOnly", errors.QuotaExceededError),
    "bill, as 429": (429, "PostpaidBillOverdue", errors.QuotaExceededError),
    "bill, as 400": (400, "Arrearage", errors.QuotaExceededError),
    "quota, as 400": (400, "Throttling.AllocationQuota", errors.RateLimitError),
    "invalid": (400, "InvalidParameter", errors.InvalidRequestError),
    "moderation": (400, "DataInspectionFailed", errors.ContentModerationError),
    "model": (404, "ModelNotFound", errors.NotFoundError),
    "conflict": (409, "Conflict", errors.InvalidRequestError),
    "500": (500, "InternalError", errors.ServiceError),
    "503": (503, "ModelUnavailable", errors.ServiceError),
    "an undocumented code": (418, "Odd.Code", errors.InvalidRequestError),
    "an error inside 200": (200, "InternalError.Algo", errors.ServiceError),
}
"""The service says no in its own form: nothing is owed, and nothing is sent again."""

UNCERTAIN: dict[str, tuple[Answer, int | None]] = {
    "read timeout": (httpx.ReadTimeout, None),
    "write timeout": (httpx.WriteTimeout, None),
    "reset before the answer": (httpx.ReadError, None),
    "reset while sending": (httpx.WriteError, None),
    "closed before the answer": (httpx.RemoteProtocolError, None),
    "an answer that can't be unpacked": (httpx.DecodingError, None),
    "502 HTML": (PAGE, 502),
    "502 of the vendor": (refusal("InternalError", "no", 502), 502),
    "504 of the vendor": (refusal("RequestTimeOut", "no", 504), 504),
    "503 HTML": (PAGE._replace(status=503), 503),
    "429 of a gateway": (reply({"error": "too many"}, 429), 429),
    "429 HTML": (PAGE._replace(status=429), 429),
    "400 with broken JSON": (BROKEN._replace(status=400), 400),
    "301": (reply(b"", 301, location="https://elsewhere.example.com/"), 301),
    "307": (reply(b"", 307, location="https://elsewhere.example.com/"), 307),
    "200 with broken JSON": (BROKEN, 200),
    "200 HTML": (PAGE._replace(status=200), 200),
    "200 and empty": (reply(b""), 200),
    "200 with a list": (reply([1]), 200),
    "200 without output": (reply({"request_id": "req-9"}), 200),
    "200 with output null": (reply({"request_id": "req-9", "output": None}), 200),
    "200 without a task id": (reply({"request_id": "req-9", "output": {"task_status": "PENDING"}}), 200),
    "200 with an id that no URL may hold": (reply({"output": {"task_id": "../uploads?x=1#"}}), 200),
    "204": (reply(b"", 204), 204),
}
"""It may have been accepted: sent once, whatever comes."""

ONE = price_of(PRO)


def edit(world: World, wan: Any = None, **given: Any) -> Any:
    return world.do((wan or world.wan).edit(PRO, "Make it dusk", images=[PHOTO], n=1, **given))


@pytest.mark.parametrize("name", PASSING)
def test_a_call_that_cannot_have_been_accepted_is_resent(world: World, name: str) -> None:
    world.service.on("create", PASSING[name], PASSING[name], CREATED)
    world.service.on("query", DONE)
    assert edit(world).task_id == TASK
    bodies = {each.body for each in world.service.of("create")}
    assert (world.service.count("create"), len(bodies), world.wan.spent) == (3, 1, ONE)


@pytest.mark.parametrize("name", PASSING)
def test_retries_end(world: World, name: str) -> None:
    world.service.on("create", PASSING[name])
    wan = world.client(budget=ONE)
    with pytest.raises((errors.ConnectionFailedError, errors.RateLimitError)):
        edit(world, wan)
    assert (world.service.count("create"), wan.spent) == (5, 0)
    world.service.on("create", CREATED)
    world.service.on("query", DONE)
    assert edit(world, wan).images  # the whole budget was still there


def test_retry_after_is_honoured_before_acceptance(world: World) -> None:
    """Row `429`: the SDK returns it, Retry-After ignored."""
    world.service.on("create", BUSY_FOR_30, CREATED)
    world.service.on("query", DONE)
    edit(world)
    first, second = world.service.of("create")
    assert second.at - first.at >= 30


def test_a_wait_beyond_the_deadline_is_not_begun(world: World) -> None:
    world.service.on("create", BUSY_FOR_30)
    with pytest.raises(errors.RateLimitError) as caught:
        edit(world, timeout=20)
    assert (caught.value.retry_after, world.service.count("create"), world.time.at) == (30, 1, 1000)


def submit(world: World, model: str = PRO, **given: Any) -> Any:
    return world.do(world.wan.submit(model, "Make it dusk", images=[PHOTO], n=1, **given))


def test_calls_take_turns_once_one_was_refused_for_the_rate(world: World) -> None:
    """An account may be allowed more than the documented rate: the client only slows down after a refusal."""
    world.service.on("create", CREATED, CREATED, BUSY, CREATED)
    for _ in range(5):
        submit(world)
    submit(world, "wan2.7-image")
    times = [each.at for each in world.service.of("create")]
    gaps = [round(after - before, 3) for before, after in pairwise(times)]
    turn = 1 / API.models[PRO].submit_per_second
    assert gaps[:2] == [0, 0] and gaps[2] >= 0.5 and gaps[3:] == pytest.approx([turn, turn, 0], abs=0.001)


def test_a_turn_beyond_the_deadline_is_not_waited_for(world: World) -> None:
    world.service.on("create", BUSY, CREATED)
    submit(world)
    with pytest.raises(errors.DeadlineExceededError, match="nothing was accepted"):
        submit(world, timeout=0.1)
    assert (world.service.count("create"), world.service.of("create")[-1].at) == (2, world.time.at)


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_is_typed_final_and_free(world: World, name: str) -> None:
    """Rows `invalid key 401, 429, 500, 503` and `200 with {"code","message"} and no output`."""
    status, code, family = REFUSED[name]
    world.service.on("create", refusal(code, "No.", status))
    wan = world.client(budget=ONE)
    with pytest.raises(family) as caught:
        edit(world, wan)
    error = caught.value
    assert type(error) is family
    assert (error.status, error.code, error.request_id, error.task_id) == (status, code, "req-1", None)
    assert (world.service.count("create"), wan.spent) == (1, 0)
    world.service.on("create", CREATED)
    world.service.on("query", DONE)
    assert edit(world, wan).images


@pytest.mark.parametrize("name", UNCERTAIN)
def test_a_call_that_may_have_been_accepted_is_sent_once(world: World, name: str) -> None:
    """Rows `reset before answer`, `hang`, `502 HTML`, `400 with broken JSON`, `200 malformed`: one POST."""
    answer, status = UNCERTAIN[name]
    world.service.on("create", answer)
    wan = world.client(budget=ONE)
    with pytest.raises(OutcomeUnknownError) as caught:
        edit(world, wan)
    error = caught.value
    assert (error.status, error.model, error.sent_at) == (status, PRO, world.time.wall())
    assert (world.service.count("create"), wan.spent) == (1, ONE)
    assert "find_lost" in error.message
    with pytest.raises(BudgetExceededError):
        edit(world, wan)  # what may be billed is gone from the budget
    assert world.service.count("create") == 1


def test_an_uncertain_answer_of_the_vendor_keeps_its_ids(world: World) -> None:
    world.service.on("create", refusal("InternalError", "Try later.", 502))
    with pytest.raises(OutcomeUnknownError) as caught:
        edit(world)
    assert (caught.value.status, caught.value.code, caught.value.request_id) == (
        502,
        "InternalError",
        "req-1",
    )


@pytest.mark.parametrize("name", ["read timeout", "502 HTML", "200 with broken JSON", "200 without output"])
def test_a_synchronous_call_is_sent_once_too(world: World, name: str) -> None:
    world.service.on("create", UNCERTAIN[name][0])
    with pytest.raises(OutcomeUnknownError, match="no task to look for") as caught:
        edit(world, via="sync")
    assert (world.service.count("create"), caught.value.status) == (1, UNCERTAIN[name][1])
    assert world.wan.spent == ONE


def test_a_synchronous_answer_without_pictures_in_it_is_uncertain(world: World) -> None:
    world.service.on("create", reply({"request_id": "req-9", "output": {"text": None}}))
    with pytest.raises(OutcomeUnknownError) as caught:
        edit(world, via="sync")
    assert (caught.value.request_id, world.wan.spent) == ("req-9", ONE)


@pytest.mark.parametrize("via", ["async", "sync"])
def test_201_is_as_good_as_200(world: World, via: str) -> None:
    """Row `HTTP 201`: the SDK drops the output."""
    whole = reply(choices({"message": {"content": [image("one")]}}))
    world.service.on("create", (CREATED if via == "async" else whole)._replace(status=201))
    world.service.on("query", DONE)
    assert len(edit(world, via=via).images) == 1


def test_a_call_whose_time_is_up_is_not_sent(world: World) -> None:
    def slow(_: Any) -> Any:
        world.time.at += 100
        return reply(b"")

    world.service.on("policy", POLICY)
    world.service.on("upload", slow)
    world.service.on("create", CREATED)
    wan = world.client(upload=True, budget=ONE)
    with pytest.raises(errors.DeadlineExceededError):
        world.do(wan.edit(PRO, "Make it dusk", images=[picture("png", size=(300, 300))], n=1, timeout=50))
    assert (world.service.count("create"), wan.spent) == (0, 0)


def test_a_task_that_runs_holds_its_price_until_it_ends(world: World) -> None:
    world.service.on("create", CREATED)
    world.service.on("query", RUNNING, DONE)
    wan = world.client(budget=ONE)
    task = world.do(wan.submit(PRO, "Make it dusk", images=[PHOTO], n=1))
    with pytest.raises(BudgetExceededError):
        edit(world, wan)
    world.do(task.wait())
    assert wan.spent == ONE


def test_a_task_is_paid_for_once_however_often_it_is_waited_for(world: World) -> None:
    world.service.on("create", CREATED)
    world.service.on("query", DONE)
    wan = world.client(budget=ONE * 2)
    task = world.do(wan.submit(PRO, "Make it dusk", images=[PHOTO], n=1))
    for _ in range(3):
        world.do(task.wait())
    world.do(wan.task(TASK, PRO).wait())
    assert wan.spent == ONE
    edit(world, wan)  # the other half of the budget is still there


def test_a_reservation_is_settled_by_a_later_wait_for_the_task(world: World) -> None:
    world.service.on("create", CREATED)
    world.service.on("query", RUNNING)
    wan = world.client(budget=ONE * 2)
    with pytest.raises(errors.DeadlineExceededError) as caught:
        edit(world, wan, timeout=60)
    world.service.on("query", DONE)
    world.do(wan.task(caught.value.task_id, PRO).wait())
    assert wan.spent == ONE
    edit(world, wan)
