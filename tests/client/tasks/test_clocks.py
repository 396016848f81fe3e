"""Client and service with different clocks: lost calls are found by the time that the answers show."""

from datetime import UTC, datetime
from email.utils import formatdate
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.client.client_fixture import World
from tests.client.response_samples import refusal, reply, task
from tests.client.service import CREATED, DONE, PRO
from tests.support.fake_clock import FakeClock
from wanlib.base.clock import ClockOffset
from wanlib.client.journal.journal import Journal
from wanlib.client.protocol.service_clock import ServiceClock
from wanlib.errors import OutcomeUnknownError
from wanlib.generated.calls import API

HOUR = 3600.0
NOW = 1_790_000_000.0


def filter_time(text: str) -> float:
    """Seconds since 1970 of a time in a query."""
    return datetime.strptime(text, API.list_time).replace(tzinfo=UTC).timestamp() - API.query_zone


class Tasks:
    """The list of an account, with the filter of a query applied, on a clock `ahead` of the client's."""

    def __init__(self, world: World, ahead: float, *, has_date: bool = True) -> None:
        self.world, self.ahead, self.has_date = world, ahead, has_date
        self.created: dict[str, float] = {}
        world.service.on("list", self.answer)

    @property
    def now(self) -> float:
        return self.world.time.wall() + self.ahead

    def create_and_cut(self, request: Any) -> Any:
        self.created[f"task-{len(self.created)}"] = self.now
        raise httpx.ReadError("cut", request=request)

    def answer(self, request: Any) -> Any:
        query = parse_qs(urlsplit(str(request.url)).query)
        start = filter_time(query["start_time"][0]) if "start_time" in query else 0.0
        end = filter_time(query["end_time"][0]) if "end_time" in query else self.now
        data = [
            {"task_id": name, "status": "RUNNING", "model_name": PRO, "gmt_create": at * 1000}
            for name, at in self.created.items()
            if start <= at <= end
        ]
        body = {"request_id": "r", "total": len(data), "total_page": 1, "page_no": 1, "page_size": 100}
        headers = {"date": formatdate(self.now, usegmt=True)} if self.has_date else {}
        return reply(body | {"data": data}, **headers)


def lose(world: World, wan: Any, tasks: Tasks) -> OutcomeUnknownError:
    world.service.on("create", tasks.create_and_cut)
    with pytest.raises(OutcomeUnknownError) as lost:
        world.do(wan.submit(PRO, "a vase", n=1))
    return lost.value


def ids(found: Any) -> list[str]:
    return [each.task_id for each in found]


@pytest.mark.parametrize("ahead", [180.0, -180.0, 5 * HOUR, -5 * HOUR])
def test_a_lost_call_is_found_by_the_date_of_the_answers(world: World, ahead: float, tmp_path: Path) -> None:
    tasks = Tasks(world, ahead)
    error = lose(world, world.wan, tasks)
    assert ids(world.do(world.wan.find_lost(error))) == ["task-0"]
    wan = world.client(journal=tmp_path / "journal")
    lose(world, wan, tasks)
    world.do(wan.close())
    tasks.created.pop("task-0")
    (lost,) = world.do(world.client(journal=tmp_path / "journal").resume()).lost
    assert ids(lost.candidates) == ["task-1"]


@pytest.mark.parametrize("ahead", [180.0, -180.0])
def test_without_a_date_the_submission_of_a_task_shows_the_time(world: World, ahead: float) -> None:
    tasks = Tasks(world, ahead, has_date=False)
    error = lose(world, world.wan, tasks)
    assert world.do(world.wan.find_lost(error)) == []
    world.service.on("create", CREATED)
    known = world.do(world.wan.submit(PRO, "a vase", n=1))
    submitted = datetime.fromtimestamp(tasks.now, UTC).isoformat()
    world.service.on("query", reply(task("FAILED", submit_time=submitted, code="X", message="no")))
    world.do(world.wan.wait([known]))
    assert ids(world.do(world.wan.find_lost(error))) == ["task-0"]


def test_the_clock_offset_of_the_sender_is_in_the_journal(world: World, tmp_path: Path) -> None:
    """Its own clock was an hour late; that of the process that resumes is right."""
    late = FakeClock(world.time.at, world.time.start - HOUR)
    tasks = Tasks(world, 0.0)
    sender = world.client(journal=tmp_path / "journal", clock=late)
    world.all(sender.tasks())
    lose(world, sender, tasks)
    world.do(sender.close())
    (lost,) = world.do(world.client(journal=tmp_path / "journal").resume()).lost
    assert ids(lost.candidates) == ["task-0"]


def test_a_wider_window_joins_calls_that_one_task_may_be_of(world: World, tmp_path: Path) -> None:
    """Two calls, five minutes apart by an hour's uncertainty, and one task: it is adopted for neither."""
    tasks = Tasks(world, HOUR)
    wan = world.client(journal=tmp_path / "journal")
    for _ in range(2):
        lose(world, wan, tasks)
        world.time.at += 300
    world.do(wan.close())
    del tasks.created["task-1"]
    lost = world.do(world.client(journal=tmp_path / "journal").resume(adopt=True)).lost
    assert [ids(each.candidates) for each in lost] == [["task-0"]] * 2


def test_a_service_with_an_erratic_clock_is_asked_a_few_times(world: World, tmp_path: Path) -> None:
    class Wild(Tasks):
        def answer(self, request: Any) -> Any:
            self.ahead += HOUR
            return super().answer(request)

    tasks = Wild(world, 0.0)
    wan = world.client(journal=tmp_path / "journal")
    errors = [lose(world, wan, tasks) for _ in range(3)]
    world.do(wan.find_lost(errors[0]))
    assert world.service.count("list") <= 2
    world.do(wan.close())
    assert len(world.do(world.client(journal=tmp_path / "journal").resume()).lost) == 3
    assert world.service.count("list") <= 2 + 2 * 2 * 3


def test_calls_that_are_near_by_the_services_time_are_adopted_together(world: World, tmp_path: Path) -> None:
    tasks = Tasks(world, HOUR)
    wan = world.client(journal=tmp_path / "journal")
    for _ in range(2):
        lose(world, wan, tasks)
        world.time.at += 300
    world.do(wan.close())
    world.service.on("query", DONE)
    resumed = world.do(world.client(journal=tmp_path / "journal").resume(adopt=True))
    assert (ids(resumed.results), resumed.lost) == (["task-0", "task-1"], [])


def test_the_journal_has_the_time_at_which_a_call_was_sent_at_last(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was refused for its rate for minutes, and then it was lost."""
    tasks = Tasks(world, 0.0)
    wan = world.client(journal=tmp_path / "journal")
    throttled = refusal("Throttling", status=429, retry_after="200")
    world.service.on("create", throttled, tasks.create_and_cut)
    with pytest.raises(OutcomeUnknownError) as lost:
        world.do(wan.submit(PRO, "a vase", n=1))
    assert ids(world.do(wan.find_lost(lost.value))) == ["task-0"]
    with Journal(tmp_path / "journal") as journal:
        (entry,) = journal.entries(world.time.wall(), HOUR)
    assert entry.sent_at == lost.value.sent_at == pytest.approx(world.time.wall(), abs=5)
    world.do(wan.close())
    (found,) = world.do(world.client(journal=tmp_path / "journal").resume()).lost
    assert ids(found.candidates) == ["task-0"]


def test_the_clock_offset_is_an_interval() -> None:
    clock = ServiceClock()
    assert clock.offset is None
    for date in (None, "", "yesterday", formatdate(0.0), "Fri, 31 Dec 9999 23:59:59 GMT"):
        clock.observe_date(date, NOW, NOW)
    assert clock.offset is None
    clock.observe_date(formatdate(NOW + 100), NOW, NOW + 10)
    assert clock.offset == ClockOffset(90.0, 101.0)
    clock.observe_date(formatdate(NOW + 100), NOW - 5, NOW + 20)
    assert clock.offset == ClockOffset(90.0, 101.0)
    clock.observe_date(formatdate(NOW + 100), NOW, NOW + 1)
    assert clock.offset == ClockOffset(99.0, 101.0)
    clock.observe_date(formatdate(NOW), NOW, NOW)
    clock.observe_date(formatdate(NOW), NOW + 9, NOW)
    assert clock.offset == ClockOffset(0.0, 1.0)
    clock.observe_submission(NOW - 50, NOW, NOW + 2)
    assert clock.offset == ClockOffset(-52.0, 1.0)
