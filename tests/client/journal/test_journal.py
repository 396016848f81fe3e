"""The journal: what it keeps, what it says is left to do, and who may take it up."""

import threading
from pathlib import Path
from typing import Any

import pytest

from wanlib.client.journal.journal import Entry, Journal
from wanlib.errors import JournalError

NOW = 1_790_000_000.0
LIFE = 86_400.0
CALL: dict[str, Any] = {
    "verb": "edit",
    "model": "some-model",
    "call": "async",
    "digest": "5f" * 32,
    "pictures": 2,
    "price": "0.40",
    "currency": "CNY",
    "origin": "https://api.example.com",
}


@pytest.fixture
def journal(tmp_path: Path) -> Any:
    with Journal(tmp_path / "journal") as made:
        yield made


def intend(journal: Journal, at: float = NOW, **other: Any) -> int:
    return journal.record_intent(**(CALL | other), at=at)


def running(journal: Journal, task_id: str = "task-1", at: float = NOW) -> int:
    key = intend(journal, at)
    journal.record_accepted(key, task_id, "request-1", at + 1)
    return key


def unsaved(journal: Journal, task_id: str = "task-1", at: float = NOW) -> int:
    key = running(journal, task_id, at)
    journal.record_ended(task_id, "DONE", at + 60, at + 60 + LIFE)
    return key


def left(journal: Journal, now: float = NOW + 100) -> list[tuple[int, str]]:
    return [(entry.key, entry.state) for entry in journal.entries(now, LIFE)]


def read(journal: Journal, which: int | str) -> Entry:
    entry = journal.entry(which)
    assert entry is not None
    return entry


def test_the_stages_of_a_call_are_recorded(journal: Journal, tmp_path: Path) -> None:
    key = intend(journal)
    blank = dict.fromkeys(Entry._fields) | CALL | {"key": key, "sent_at": NOW, "paths": ()}
    assert read(journal, key)._asdict() == blank
    journal.record_accepted(key, "task-1", "request-1", NOW + 1)
    journal.record_ended("task-1", "DONE", NOW + 60, NOW + 60 + LIFE)
    journal.record_saved("task-1", [tmp_path / "a-1.png", str(tmp_path / "a-2.png")], NOW + 70)
    assert read(journal, "task-1")._asdict() == blank | {
        "task_id": "task-1",
        "request_id": "request-1",
        "accepted_at": NOW + 1,
        "status": "DONE",
        "ended_at": NOW + 60,
        "links_expire_at": NOW + 60 + LIFE,
        "saved_at": NOW + 70,
        "paths": (str(tmp_path / "a-1.png"), str(tmp_path / "a-2.png")),
    }


def test_unfinished_entries_are_listed_with_their_state(journal: Journal) -> None:
    lost = intend(journal)
    going = running(journal, "going")
    waiting = unsaved(journal, "waiting")
    assert left(journal) == [(lost, "lost"), (going, "running"), (waiting, "unsaved")]


def test_finished_entries_are_not_listed(journal: Journal) -> None:
    journal.record_refused(intend(journal), "an unpaid bill", NOW + 1)
    running(journal, "failed")
    journal.record_ended("failed", "FAILED", NOW + 9, None)
    journal.record_saved(unsaved(journal, "saved"), ["/there.png"], NOW + 99)
    at_once = intend(journal, call="sync")
    journal.record_accepted(at_once, None, "request-2", NOW + 1)
    journal.record_ended(at_once, "DONE", NOW + 1, NOW + LIFE)
    assert left(journal) == []
    assert [read(journal, key).state for key in range(1, 5)] == ["done"] * 4


def test_an_uncertain_call_is_lost_until_it_is_found(journal: Journal) -> None:
    key = intend(journal)
    journal.record_uncertain(key, "the connection broke")
    assert left(journal) == [(key, "lost")]
    assert read(journal, key).problem == "the connection broke"
    journal.record_accepted(key, "found", None, NOW + 50)
    assert left(journal) == [(key, "running")]
    assert read(journal, key).problem is None


def test_a_stream_that_breaks_off_after_its_first_part_is_lost(journal: Journal) -> None:
    key = intend(journal, call="stream")
    journal.record_accepted(key, None, "request-1", NOW + 1)
    assert left(journal) == [(key, "lost")]


def test_a_task_is_left_for_as_long_as_the_service_knows_it(journal: Journal) -> None:
    lost, going = intend(journal), running(journal)
    assert left(journal, NOW + LIFE - 0.5) == [(lost, "lost"), (going, "running")]
    assert left(journal, NOW + LIFE) == [(going, "running")]
    assert left(journal, NOW + LIFE + 1) == []


@pytest.mark.parametrize("end", [0.0, NOW - 25 * 3600, NOW + 25 * 3600])
def test_pictures_are_left_for_as_long_as_the_task_is_known(journal: Journal, end: float) -> None:
    """The time at which the links die comes from the service, and its clock may be an odd one."""
    key = running(journal)
    journal.record_ended("task-1", "DONE", end, end + LIFE)
    assert left(journal, NOW + LIFE) == [(key, "unsaved")]
    assert left(journal, NOW + LIFE + 1) == []


def test_a_task_is_recorded_for_one_call(journal: Journal) -> None:
    first, second = running(journal, "task-1"), intend(journal)
    assert not journal.record_accepted(second, "task-1", "request-2", NOW + 5)
    assert (read(journal, second).state, read(journal, "task-1").key) == ("lost", first)
    assert journal.record_accepted(first, "task-1", "request-1", NOW + 1)
    assert journal.record_accepted(second, "task-2", None, NOW + 5)


def test_the_first_end_stays(journal: Journal) -> None:
    key = unsaved(journal)
    journal.record_ended("task-1", "UNKNOWN", NOW + 99, None)
    assert (read(journal, key).status, read(journal, key).ended_at) == ("DONE", NOW + 60)


def test_unknown_entries_are_ignored(journal: Journal) -> None:
    journal.record_ended("elsewhere", "DONE", NOW, None)
    journal.record_saved(7, [], NOW)
    journal.record_accepted(7, "elsewhere", None, NOW)
    journal.release_lease(7, "me")
    assert not journal.acquire_lease(7, "me", NOW, NOW + 60)
    assert journal.entry(7) is None and journal.entry("elsewhere") is None


def test_a_lease_keeps_others_away_until_it_is_over_or_given_back(journal: Journal) -> None:
    key = running(journal)
    assert journal.acquire_lease(key, "me", NOW, NOW + 60)
    assert not journal.acquire_lease(key, "you", NOW + 59, NOW + 120)
    assert journal.acquire_lease(key, "me", NOW + 59, NOW + 90)
    assert not journal.acquire_lease(key, "you", NOW + 60, NOW + 120)
    assert journal.acquire_lease(key, "you", NOW + 90, NOW + 120)
    journal.release_lease(key, "me")
    assert not journal.acquire_lease(key, "me", NOW + 100, NOW + 120)
    journal.release_lease(key, "you")
    assert journal.acquire_lease(key, "me", NOW + 100, NOW + 120)


def test_a_call_can_be_leased_from_its_birth(journal: Journal) -> None:
    key = intend(journal, owner="me", until=NOW + 60)
    assert not journal.acquire_lease(key, "you", NOW + 59, NOW + 99)
    assert journal.acquire_lease(key, "you", NOW + 60, NOW + 99)


def test_a_lease_without_an_end_excludes_no_process(journal: Journal) -> None:
    assert journal.acquire_lease(intend(journal, owner="me"), "you", NOW, NOW + 60)


def test_a_saved_task_cannot_be_leased(journal: Journal) -> None:
    saved = unsaved(journal, "saved")
    assert journal.acquire_lease(saved, "me", NOW, NOW + 1)
    journal.record_saved("saved", [], NOW)
    journal.release_lease(saved, "me")
    assert not journal.acquire_lease(saved, "you", NOW + 100, NOW + 200)


def test_a_reason_is_stored_without_secrets(journal: Journal, tmp_path: Path) -> None:
    key = intend(journal)
    journal.record_uncertain(key, "cut at https://store.example.com/a.png?Signature=s3cr3t")
    journal.record_refused(key, "refused data:image/png;base64,s3cr3t" + "A" * 80, NOW)
    assert "s3cr3t" not in (read(journal, key).problem or "")
    assert not any(b"s3cr3t" in path.read_bytes() for path in tmp_path.iterdir())


def test_odd_characters_cost_no_task_id(journal: Journal) -> None:
    key = intend(journal)
    journal.record_accepted(key, "task-1", "odd \ud800", NOW)
    journal.record_saved("task-1", ["/p/\udcff.png"], NOW)
    assert read(journal, key).request_id == "odd \\ud800"
    assert read(journal, "task-1").paths == ("/p/\udcff.png",)
    assert journal.entry("\ud800") is None


def test_it_is_all_there_when_it_is_opened_again(tmp_path: Path) -> None:
    with Journal(str(tmp_path / "journal")) as journal:
        key = running(journal)
        before = read(journal, key)
    with Journal(tmp_path / "journal") as journal:
        assert read(journal, key) == before


def test_closed_it_says_so(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    key = intend(journal)
    journal.close()
    journal.close()
    for use in (lambda: intend(journal), lambda: left(journal)):
        with pytest.raises(JournalError, match=r"journal' is closed: open it again"):
            use()
    with pytest.raises(JournalError) as caught:
        journal.record_accepted(key, "task-1", None, NOW)
    assert caught.value.task_id == "task-1"


def test_threads_share_one(journal: Journal) -> None:
    def work(name: int) -> None:
        for turn in range(20):
            running(journal, f"{name}-{turn}")

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = journal.entries(NOW, LIFE)
    assert {entry.task_id for entry in found} == {f"{name}-{turn}" for name in range(4) for turn in range(20)}
    assert len({entry.key for entry in found}) == 80
