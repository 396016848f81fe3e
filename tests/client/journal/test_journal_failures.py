"""A journal that fails: before a call is sent it stops the call, after that it never costs the outcome."""

import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.client.client_fixture import World
from tests.client.response_samples import TASK, choices, image, refusal, reply
from tests.client.results.test_streams import ERROR, LAST, PICTURE, WORDS, streamed
from tests.client.service import CREATED, DONE, MIXED, PRO, RUNNING
from wanlib.boundary.images import encode_image
from wanlib.client.journal.journal import Journal
from wanlib.errors import JournalError, WanError

FAILED = reply({"request_id": "r", "output": {"task_id": TASK, "task_status": "FAILED", "code": "X"}})
PHOTO = "https://example.com/a.png"
TIMEOUT = 60.0


class Disk:
    """Counts the statements that write, and fails some of them. error: an SQLite result code."""

    def __init__(self) -> None:
        self.writes = 0
        self.fails: Callable[[int], bool] = lambda write: False
        self.error = sqlite3.SQLITE_FULL

    def check(self, statement: str) -> None:
        if statement.lstrip().startswith(("INSERT", "UPDATE", "BEGIN")):
            self.writes += 1
            if self.fails(self.writes):
                error = sqlite3.OperationalError("some words")
                error.sqlite_errorcode = self.error
                raise error


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    disk = Disk()

    class Watched(sqlite3.Connection):
        def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
            disk.check(statement)
            return super().execute(statement, *values)

    connect: Callable[..., sqlite3.Connection] = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *path, **how: connect(*path, factory=Watched, **how))
    yield disk
    disk.fails = lambda write: False


def edit(world: World, wan: Any) -> Any:
    return world.do(wan.edit(PRO, "a vase", images=[PHOTO], n=1, timeout=TIMEOUT))


def sync(world: World, wan: Any) -> Any:
    return world.do(wan.edit(PRO, "a vase", images=[PHOTO], n=1, via="sync", timeout=TIMEOUT))


def submit_and_wait(world: World, wan: Any) -> Any:
    task = world.do(wan.submit(PRO, "a vase", n=1))
    assert task.id == TASK
    return world.do(task.wait(timeout=TIMEOUT))


def stream(world: World, wan: Any) -> Any:
    opened = world.do(wan.stream(MIXED, "A story", max_images=2))
    world.all(opened)
    return opened.result


PICTURES = reply(choices({"message": {"content": [image("one")]}}))
# The verb, and the responses of the service to a create and to a query.
CALLS: dict[str, tuple[Callable[[World, Any], Any], Any, Any]] = {
    "edit": (edit, CREATED, DONE),
    "submit": (submit_and_wait, CREATED, DONE),
    "failed": (edit, CREATED, FAILED),
    "late": (edit, CREATED, RUNNING),
    "refused": (edit, refusal("InvalidParameter"), None),
    "lost": (edit, httpx.ReadError, None),
    "no id": (edit, reply({"request_id": "r", "output": {}}), None),
    "sync": (sync, PICTURES, None),
    "sync without a picture": (sync, reply({"request_id": "r", "output": {"text": 7}}), None),
    "stream": (stream, streamed(WORDS, PICTURE, LAST), None),
    "stream with an error": (stream, streamed(ERROR), None),
    "stream that breaks off": (stream, streamed(WORDS, PICTURE), None),
}


def outcome(world: World, wan: Any, call: str) -> tuple[Any, JournalError | None]:
    """The caller's result, and the failure of the journal."""
    verb, created, queried = CALLS[call]
    world.service.seen.clear()
    world.service.created = 0
    world.service.on("create", created)
    world.service.on("query", queried)
    try:
        result = verb(world, wan)
    except WanError as error:
        reported = (type(error), error.task_id, error.request_id, error.message, wan.spent)
        return reported, error if isinstance(error, JournalError) else error.journal_error
    links = [picture.url for picture in result.images]
    return (links, result.task_id, result.request_id, wan.spent), result.journal_error


@pytest.mark.parametrize("call", CALLS)
def test_the_outcome_reaches_the_caller_whichever_write_fails(
    world: World, disk: Disk, tmp_path: Path, call: str
) -> None:
    def run(name: str, fails: Callable[[int], bool]) -> tuple[Any, JournalError | None]:
        disk.fails = lambda write: False
        wan = world.client(journal=tmp_path / name)
        disk.writes, disk.fails = 0, fails
        return outcome(world, wan, call)

    expected, none = run("sound", lambda write: False)
    assert none is None
    writes = disk.writes
    assert writes >= 2
    for first in range(1, writes + 1):
        for name, fails in {"once": first.__eq__, "for good": first.__le__}.items():
            actual, problem = run(f"{first} {name}", fails)
            assert problem is not None and "disk is full" in str(problem), (first, name)
            if first == 1:
                assert (actual[0], world.service.count("create")) == (JournalError, 0)
                assert actual[-1] == 0
            else:
                assert (actual, world.service.count("create")) == (expected, 1), (first, name)


@pytest.mark.parametrize(
    "code", [sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_BUSY]
)
def test_every_way_to_fail_is_attached(world: World, disk: Disk, tmp_path: Path, code: int) -> None:
    wan = world.client(journal=tmp_path / "journal")
    disk.writes, disk.fails, disk.error = 0, (2).__le__, code
    (links, task_id, *_), problem = outcome(world, wan, "edit")
    assert (len(links), task_id, type(problem)) == (1, TASK, JournalError)


def test_a_table_or_a_file_that_is_gone_costs_no_outcome(world: World, tmp_path: Path) -> None:
    for name in ("table", "file", "other"):
        path = tmp_path / name
        wan = world.client(journal=path)

        def break_it(request: Any, path: Path = path) -> Any:
            if path.name == "table":
                with closing(sqlite3.connect(path)) as other:
                    other.execute("DROP TABLE entry")
            else:
                path.unlink()
            if path.name == "other":
                path.write_bytes(b"")
            return CREATED

        world.service.created = 0
        world.service.on("create", break_it)
        world.service.on("query", DONE)
        result = edit(world, wan)
        assert (result.task_id, len(result)) == (TASK, 1)
        words = "no such table" if name == "table" else "was removed or replaced"
        assert words in str(result.journal_error)
        world.service.seen.clear()
        with pytest.raises(JournalError, match=words):
            edit(world, wan)
        assert world.service.seen == []


def test_saved_pictures_are_named_and_the_failure_is_logged(
    world: World, disk: Disk, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    wan = world.client(journal=tmp_path / "journal")
    world.service.on("create", CREATED)
    world.service.on("query", DONE)
    world.service.on("download", reply(encode_image("png", 8, 8), content_type="image/png"))
    result = edit(world, wan)
    disk.fails = lambda write: True
    with caplog.at_level(logging.WARNING, "wanlib"):
        (saved,) = world.do(result.save(tmp_path / "out"))
        assert saved.is_file()
        assert [record.getMessage() for record in caplog.records] == [
            f"the journal {str(tmp_path / 'journal')!r} can't grow, the disk is full: make room"
        ]
        world.do(wan.close())
        assert len(caplog.records) == 2


def test_a_task_that_could_not_be_recorded_is_recorded_when_it_has_ended(
    world: World, disk: Disk, tmp_path: Path
) -> None:
    wan = world.client(journal=tmp_path / "journal")
    disk.writes, disk.fails = 0, (2).__eq__
    _, problem = outcome(world, wan, "edit")
    assert problem is not None
    with Journal(tmp_path / "journal") as journal:
        entry = journal.entry(TASK)
    assert entry is not None and (entry.state, entry.request_id) == ("unsaved", "req-c")


def test_a_handle_works_without_the_journal(world: World, disk: Disk, tmp_path: Path) -> None:
    wan = world.client(journal=tmp_path / "journal")
    (tmp_path / "journal").unlink()
    world.service.on("query", DONE)
    task = wan.task(TASK)
    assert "was removed" in str(task.journal_error)
    assert world.do(task.wait()).task_id == TASK


def test_a_resume_that_cannot_lease_asks_for_nothing_and_one_that_can_delivers(
    world: World, disk: Disk, tmp_path: Path
) -> None:
    path = tmp_path / "journal"
    for failing in (1, 2, 3):
        world.service.created = 0
        world.service.on("create", CREATED)
        world.service.on("query", DONE)
        first = world.client(journal=path)
        world.do(first.submit(PRO, "a vase", n=1))
        world.do(first.close())
        world.service.seen.clear()
        later = world.client(journal=path)
        disk.writes, disk.fails = 0, failing.__eq__
        if failing == 1:
            with pytest.raises(JournalError):
                world.do(later.resume())
            assert world.service.seen == []
        else:
            (result,) = world.do(later.resume()).results
            assert (result.task_id, result.journal_error is not None) == (TASK, failing == 2)
        disk.fails = lambda write: False
        path.unlink()
    assert disk.writes == 3


def test_a_lock_of_another_process_extends_no_deadline(world: World, tmp_path: Path) -> None:
    """It is taken when the service has accepted the call, and held; the call ends by its own deadline."""
    path = tmp_path / "journal"
    wan = world.client(journal=path)
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)

    def create(request: Any) -> Any:
        other.execute("BEGIN IMMEDIATE")
        return CREATED

    for timeout, queried, kind in ((5.0, RUNNING, "DeadlineExceededError"), (900.0, DONE, "")):
        world.service.on("create", create)
        world.service.on("query", queried)
        began = world.time.now()
        try:
            result: Any = world.do(wan.edit(PRO, "a vase", images=[PHOTO], n=1, timeout=timeout))
        except WanError as error:
            result = error
            assert type(error).__name__ == kind
        assert world.time.now() - began <= min(timeout, 70.0)
        assert result.task_id is not None and "is in use" in str(result.journal_error)
        other.execute("ROLLBACK")
    other.execute("BEGIN IMMEDIATE")
    world.service.seen.clear()
    began = world.time.now()
    with pytest.raises(JournalError, match="is in use by another process"):
        world.do(wan.edit(PRO, "a vase", images=[PHOTO], n=1, timeout=7.0))
    assert 6 <= world.time.now() - began <= 7.0 and world.service.seen == []
    other.close()


def test_a_lock_that_is_given_back_costs_nothing(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal"
    wan = world.client(journal=path)
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    pauses: list[float] = []
    sleep, sleep_async = world.time.sleep, world.time.sleep_async

    def release(seconds: float) -> float:
        pauses.append(seconds)
        if len(pauses) == 3:
            other.execute("ROLLBACK")
        return seconds

    async def release_async(seconds: float) -> None:
        await sleep_async(release(seconds))

    monkeypatch.setattr(world.time, "sleep", lambda seconds: sleep(release(seconds)))
    monkeypatch.setattr(world.time, "sleep_async", release_async)
    world.service.on("create", CREATED)
    task = world.do(wan.submit(PRO, "a vase", n=1))
    assert (task.id, task.journal_error, len(pauses)) == (TASK, None, 3)
    other.close()
