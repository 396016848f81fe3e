"""Unfinished calls of a process, continued by the next one from the journal."""

from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.client.client_fixture import World
from tests.client.response_samples import TASK, reply
from tests.client.service import CREATED, DONE, OLD, PRO, RUNNING
from tests.support.api_facts import KEPT_FOR, price_of
from wanlib.boundary.images import encode_image
from wanlib.client.journal.journal import Journal
from wanlib.errors import (
    AuthenticationError,
    ConfigurationError,
    DeadlineExceededError,
    InvalidRequestError,
    OutcomeUnknownError,
    TaskFailedError,
)
from wanlib.generated.calls import API


@pytest.fixture
def png() -> bytes:
    return encode_image("png", 8, 8)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "calls.sqlite"


def listed(world: World, *tasks: tuple[str, str, float]) -> Any:
    """A list of tasks: (id, model, seconds after now)."""
    data = [
        {
            "task_id": task,
            "status": "RUNNING",
            "model_name": model,
            "gmt_create": (world.time.wall() + at) * 1000,
        }
        for task, model, at in tasks
    ]
    return reply(
        {"request_id": "r", "total": len(data), "total_page": 1, "page_no": 1, "page_size": 100, "data": data}
    )


def seconds(url: str) -> float:
    """The length of the period that a list covers."""
    asked = parse_qs(urlsplit(url).query)
    start, end = (datetime.strptime(asked[name][0], API.list_time) for name in ("start_time", "end_time"))
    return (end - start).total_seconds()


def abandon(journal: Path) -> None:
    """Gives the leases of a process back as its death does."""
    with Journal(journal) as opened:
        opened.release_dead_leases(lambda owner: True)


def test_without_a_journal_there_is_nothing_to_resume(world: World) -> None:
    with pytest.raises(ConfigurationError, match="no journal; make it with journal="):
        world.do(world.wan.resume())


def test_a_task_that_was_submitted_is_waited_for(world: World, path: Path) -> None:
    world.service.on("create", CREATED)
    world.do(world.client(journal=path).submit(PRO, "a vase", n=1))
    abandon(path)
    world.service.on("query", RUNNING, DONE)
    resumed = world.do(world.client(journal=path).resume())
    assert [(each.task_id, each.model, each.requested) for each in resumed.results] == [(TASK, PRO, 1)]
    assert (resumed.failed, resumed.lost, world.service.count("create")) == ([], [], 1)


def test_a_task_of_a_running_process_is_left_to_it(world: World, path: Path) -> None:
    world.service.on("create", CREATED)
    world.do(world.client(journal=path).submit(PRO, "a vase", n=1))
    resumed = world.do(world.client(journal=path).resume())
    assert (resumed.results, world.service.count("query")) == ([], 0)


def test_a_failed_task_is_reported_once_with_its_id(world: World, path: Path) -> None:
    world.service.on("create", CREATED)
    world.do(world.client(journal=path).submit(PRO, "a vase", n=1))
    abandon(path)
    failed = reply({"request_id": "r", "output": {"task_id": TASK, "task_status": "FAILED", "code": "X"}})
    world.service.on("query", failed)
    client = world.client(journal=path)
    (error,) = world.do(client.resume()).failed
    assert (type(error), error.task_id, error.code) == (TaskFailedError, TASK, "X")
    assert world.do(client.resume()).failed == []


def test_a_call_cut_before_its_answer_is_found_in_the_list_and_adopted(world: World, path: Path) -> None:
    world.service.on("create", httpx.ReadError)
    with pytest.raises(OutcomeUnknownError) as lost:
        world.do(world.client(journal=path).submit(PRO, "a vase", n=1))
    assert (lost.value.model, lost.value.sent_at) == (PRO, world.time.wall())
    abandon(path)
    world.service.on("list", listed(world, (TASK, PRO, 1.0)))
    world.service.on("query", DONE)
    reported = world.do(world.client(journal=path).resume())
    assert [[task.task_id for task in each.candidates] for each in reported.lost] == [[TASK]]
    assert (reported.results, world.service.count("query")) == ([], 0)
    resumed = world.do(world.client(journal=path).resume(adopt=True))
    assert [each.task_id for each in resumed.results] == [TASK]
    assert world.service.count("create") == 1
    asked = world.service.of("list")[0].url
    assert f"model_name={PRO}" in asked and "start_time=" in asked and "end_time=" in asked
    with Journal(path) as journal:
        entry = journal.entry(TASK)
    assert entry is not None and entry.problem is None


def test_a_task_of_another_client_is_not_taken(world: World, path: Path) -> None:
    """The call never arrived, and another process of the account made one task of the model just then."""
    world.service.on("create", httpx.ReadError)
    with pytest.raises(OutcomeUnknownError):
        world.do(world.client(journal=path).submit(PRO, "a vase", n=1))
    abandon(path)
    world.service.on("list", listed(world, ("of-another-client", PRO, 1.0)))
    resumed = world.do(world.client(journal=path).resume())
    assert (resumed.results, resumed.failed, world.service.count("query")) == ([], [], 0)
    with Journal(path) as journal:
        assert journal.entry("of-another-client") is None


def test_a_task_is_adopted_once(world: World, path: Path) -> None:
    """Two calls of one time and one task: no call gets it, however often it is asked for."""
    world.service.on("create", httpx.ReadError)
    wan = world.client(journal=path)
    for pause in (0, 5000):
        world.time.at += pause
        for _ in range(2):
            with pytest.raises(OutcomeUnknownError):
                world.do(wan.submit(PRO, "a vase", n=1))
    abandon(path)
    world.service.on("query", DONE)
    tasks = [("late-1", PRO, 0.0), ("late-2", PRO, 1.0), ("early", PRO, -5000.0), ("late-2", PRO, 1.0)]
    lists = [listed(world, *rows) for rows in (tasks[2:3], tasks[:2] + tasks[3:])]
    world.service.on("list", *lists, *lists)
    adopted = world.do(world.client(journal=path).resume(adopt=True))
    assert [each.task_id for each in adopted.results] == ["late-1", "late-2"]
    assert [[task.task_id for task in each.candidates] for each in adopted.lost] == [["early"]] * 2
    again = world.do(world.client(journal=path).resume(adopt=True))
    assert (len(again.lost), again.failed) == (2, [])


def test_a_call_in_progress_in_another_process_is_not_adopted(world: World, path: Path) -> None:
    """Its call is sent and its id is still to come: the one task in the list may be that of either call."""
    world.service.on("create", httpx.ReadError)
    with pytest.raises(OutcomeUnknownError):
        world.do(world.client(journal=path).submit(PRO, "a vase", n=1))
    abandon(path)
    call = {"verb": "edit", "model": PRO, "call": "async", "digest": "", "pictures": 1, "price": None}
    with Journal(path) as journal:
        now = world.time.wall()
        origin = journal.entries(now, 9.0)[0].origin
        key = journal.record_intent(**call, currency="", origin=origin, at=now, owner="x", until=now + 99)
        world.service.on("list", listed(world, (TASK, PRO, 1.0)))
        (lost,) = world.do(world.client(journal=path).resume(adopt=True)).lost
        assert [task.task_id for task in lost.candidates] == [TASK]
        journal.record_accepted(key, TASK, None, now)
    (lost,) = world.do(world.client(journal=path).resume(adopt=True)).lost
    assert lost.candidates == ()


def test_a_list_that_fails_costs_no_result(world: World, path: Path) -> None:
    world.service.on("create", httpx.ReadError, CREATED)
    wan = world.client(journal=path)
    with pytest.raises(OutcomeUnknownError):
        world.do(wan.submit(PRO, "a vase", n=1))
    world.do(wan.submit(PRO, "a vase", n=1))
    abandon(path)
    world.service.on("list", reply({"code": "InvalidApiKey", "message": "no", "request_id": "r"}, 401))
    world.service.on("query", DONE)
    resumed = world.do(world.client(journal=path).resume(adopt=True))
    assert [each.task_id for each in resumed.results] == [TASK]
    assert [type(each.error) for each in resumed.lost] == [AuthenticationError]


@pytest.mark.parametrize("found", [0, 2])
def test_a_lost_call_is_never_guessed(world: World, path: Path, found: int) -> None:
    """None, or more tasks than calls: the caller decides between the candidates."""
    world.service.on("create", httpx.ReadError)
    with pytest.raises(OutcomeUnknownError):
        world.do(world.client(journal=path).submit(PRO, "a vase", n=1))
    abandon(path)
    world.service.on("list", listed(world, *((f"task-{number}", PRO, 1.0) for number in range(found))))
    resumed = world.do(world.client(journal=path).resume(adopt=True))
    (lost,) = resumed.lost
    assert [each.task_id for each in lost.candidates] == [f"task-{number}" for number in range(found)]
    assert (resumed.results, world.service.count("query")) == ([], 0)
    assert (lost.entry.model, lost.entry.pictures, lost.entry.price) == (PRO, 1, str(price_of(PRO)))


def test_a_call_that_was_lost_before_tasks_expired_is_not_looked_for(world: World) -> None:
    world.service.on("create", httpx.ReadTimeout)
    with pytest.raises(OutcomeUnknownError) as lost:
        world.do(world.wan.submit(PRO, "a vase", n=1))
    world.service.on("list", listed(world))
    for since, asked in ((KEPT_FOR - 1, 1), (1, 1)):
        world.time.at += since
        assert world.do(world.wan.find_lost(lost.value)) == []
        assert world.service.count("list") == asked
    assert seconds(world.service.of("list")[0].url) > 0


def test_lost_calls_of_about_one_time_are_looked_for_at_once(world: World, path: Path) -> None:
    world.service.on("create", httpx.ReadTimeout)
    wan = world.client(journal=path)
    for pause in (0, 200, 1000):
        world.time.at += pause
        with pytest.raises(OutcomeUnknownError):
            world.do(wan.submit(PRO, "a vase", n=1))
    world.service.on("list", listed(world, ("other", PRO, -700.0)))
    abandon(path)
    resumed = world.do(world.client(journal=path).resume())
    assert [len(each.candidates) for each in resumed.lost] == [1, 1, 1]
    assert [seconds(each.url) for each in world.service.of("list")] == [200 + 2 * 120, 2 * 120]


def test_tasks_of_other_entries_are_not_candidates(world: World, path: Path) -> None:
    world.service.on("create", CREATED, httpx.ReadError)
    client = world.client(journal=path)
    world.do(client.submit(PRO, "a vase", n=1))
    with pytest.raises(OutcomeUnknownError):
        world.do(client.submit(PRO, "a clock", n=1))
    abandon(path)
    world.service.on("list", listed(world, (TASK, PRO, 1.0), ("task-2", PRO, 2.0)))

    def query(request: Any) -> Any:
        return RUNNING if TASK in str(request.url) else DONE

    world.service.on("query", query)
    resumed = world.do(world.client(journal=path).resume(timeout=30, adopt=True))
    assert [each.task_id for each in resumed.results] == ["task-2"]
    assert [type(each) for each in resumed.failed] == [DeadlineExceededError]


def test_a_refused_call_is_not_taken_up(world: World, path: Path) -> None:
    refusal = {"code": "InvalidParameter", "message": "url error", "request_id": "r"}
    world.service.on("create", reply(refusal, 400))
    with pytest.raises(InvalidRequestError, match="url error"):
        world.do(world.client(journal=path).submit(OLD, "dusk", images=["https://example.com/a.png"], n=1))
    abandon(path)
    resumed = world.do(world.client(journal=path).resume())
    assert (resumed.results, resumed.failed, resumed.lost, world.service.count("list")) == ([], [], [], 0)


def test_pictures_that_were_not_saved_are_given_once_more_and_saved_ones_never(
    world: World, path: Path, tmp_path: Path, png: bytes
) -> None:
    world.service.on("create", CREATED)
    world.service.on("query", DONE)
    world.service.on("download", reply(png, content_type="image/png"))
    client = world.client(journal=path)
    world.do(client.edit(PRO, "a vase", images=["https://example.com/a.png"], n=1))
    abandon(path)
    later = world.client(journal=path)
    (result,) = world.do(later.resume()).results
    (saved,) = world.do(result.save(tmp_path))
    assert saved.read_bytes() == png
    abandon(path)
    assert world.do(world.client(journal=path).resume()).results == []


def test_a_journal_of_another_address_is_left_alone(world: World, path: Path) -> None:
    world.service.on("create", CREATED)
    world.do(world.client(journal=path).submit(PRO, "a vase", n=1))
    abandon(path)
    other = world.client(journal=path, base_url="https://gateway.example.com/api/v1")
    assert world.do(other.resume()).results == []
    assert world.service.count("query") == 0


def test_a_task_of_yesterday_is_gone(world: World, path: Path) -> None:
    world.service.on("create", CREATED)
    world.do(world.client(journal=path).submit(PRO, "a vase", n=1))
    abandon(path)
    world.time.at += KEPT_FOR
    assert world.do(world.client(journal=path).resume()).failed == []
    assert world.service.count("query") == 0


def test_a_task_waited_for_by_its_id_has_the_facts_of_its_journal_entry(world: World, path: Path) -> None:
    world.service.on("create", CREATED)
    world.service.on("query", DONE)
    client = world.client(journal=path)
    world.do(client.submit(PRO, "a vase", n=1))
    result = world.do(client.task(TASK).wait())
    assert (result.model, result.requested, result.spent.amount) == (PRO, 1, price_of(PRO))


def test_the_intent_is_written_before_anything_is_sent(world: World, path: Path) -> None:
    states: list[list[str]] = []

    def seen(request: Any) -> Any:
        with Journal(path) as journal:
            entries = journal.entries(world.time.wall(), 86400)
        states.append([each.state for each in entries])
        return CREATED if request.method == "POST" else DONE

    world.service.on("create", seen)
    world.service.on("query", seen)
    world.do(world.client(journal=path).edit(PRO, "a vase", images=["https://example.com/a.png"], n=1))
    assert states == [["lost"], ["running"]]
