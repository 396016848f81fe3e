"""`wanlib submit`, `wait`, `tasks`, `cancel` and `resume` against a service on loopback."""

import json
import shlex
import sqlite3
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.cli.service import PNG, TASK, Service
from wanlib.client.journal.journal import Journal
from wanlib.client.journal.leases import LeaseOwner
from wanlib.errors import JournalError

Command = Callable[..., Any]
PRO = "wan2.7-image-pro"
OTHER = "0385dc79-5ff8-4d82-bcb6-000000000002"
FAILED = {"output": {"task_status": "FAILED", "code": "InternalError", "message": "it broke"}}


def listed(*tasks: dict[str, Any]) -> tuple[int, Any]:
    return 200, {"total": len(tasks), "page_no": 1, "total_page": 1, "data": list(tasks)}


def test_submit_prints_the_id_and_wait_saves_the_pictures(
    call: Command, service: Service, tmp_path: Path
) -> None:
    ran = call("submit", PRO, "Dusk", "-i", "https://example.com/a.png", "--n", "1")
    assert (ran.code, ran.out) == (0, f"{TASK}\n")
    assert f"wanlib wait {TASK} --base-url {service.base}\n" in ran.err
    assert len(service.seen) == 1
    printed = json.loads(call("submit", PRO, "Dusk", "--n", "1", "--json").out)
    assert (printed["task_id"], printed["model"]) == (TASK, PRO)
    ran = call("wait", TASK, "--out", tmp_path)
    assert (ran.code, ran.out) == (0, f"{tmp_path / f'{TASK}-1.png'}\n")
    assert (tmp_path / f"{TASK}-1.png").read_bytes() == PNG


def test_several_are_waited_for_at_once(call: Command, service: Service, tmp_path: Path) -> None:
    service.statuses = ["SUCCEEDED"]
    service.answers[f"/tasks/{OTHER}"] = (200, FAILED)
    ran = call("wait", TASK, OTHER, "--out", tmp_path)
    assert (ran.code, ran.out) == (1, f"{tmp_path / f'{TASK}-1.png'}\n")
    assert "wanlib: the task failed: it broke. What to do: try again later" in ran.err
    assert f"[code InternalError, task {OTHER}]" in ran.err
    lines = call("wait", TASK, OTHER, "--out", tmp_path, "--json").out.splitlines()
    assert [json.loads(line)["task_id"] for line in lines] == [TASK, OTHER]
    assert call("wait", TASK, OTHER, "--stem", "a").code == 2
    assert call("wait", "no/id").code == 2


def test_a_response_without_a_picture(call: Command, service: Service, tmp_path: Path) -> None:
    service.parts = [{"text": "\x1b[2JNo."}]
    ran = call("wait", TASK, "--out", tmp_path)
    assert (ran.code, ran.out) == (1, "> \\x1b[2JNo.\n")
    assert ran.err.endswith("wanlib: no picture arrived\n")


def test_tasks_are_listed(call: Command, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    task = {"task_id": TASK, "status": "RUNNING", "model_name": PRO, "gmt_create": 1_800_000_000_000}
    service.answers["/tasks"] = listed(task, {"task_id": OTHER, "status": "\x1b[2J"})
    ran = call("tasks", "--model", PRO, "--status", "running", "--since", "2h")
    rows = [line.split("\t") for line in ran.out.splitlines()]
    assert (ran.code, rows[0][:3], rows[1][:3]) == (0, [TASK, "RUNNING", PRO], [OTHER, "[2J", ""])
    assert rows[0][3].startswith("2027-01-15 ") and rows[1][3:] == ["", ""]
    query = service.seen[0].query
    assert (query["status"], query["model_name"]) == (["RUNNING"], [PRO])
    # two hours before the clock's moment or a little more, in the service's zone
    assert "20270115135000" <= query["start_time"][0] <= "20270115140000"
    printed = json.loads(call("tasks", "--json").out)
    assert [row["task_id"] for row in printed] == [TASK, OTHER]
    assert printed[0]["created_at"] == 1_800_000_000


@pytest.mark.parametrize("impossible", [10**20, -(10**20), 1e300])
def test_an_impossible_time_is_shown_as_a_number(call: Command, service: Service, impossible: float) -> None:
    service.answers["/tasks"] = listed({"task_id": TASK, "status": "RUNNING", "gmt_create": impossible})
    ran = call("tasks")
    assert (ran.code, ran.out.split("\t")[3]) == (0, f"{impossible / 1000:g}")


def test_a_list_that_does_not_end_is_shown_as_far_as_it_came(
    call: Command, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wanlib.client.tasks.task_list.MAX_PAGES", 1)
    service.answers["/tasks"] = (
        200,
        listed({"task_id": TASK, "status": "RUNNING"})[1] | {"total_page": 10**9},
    )
    ran = call("tasks")
    assert (ran.code, ran.out.split("\t")[0]) == (1, TASK)
    assert "at most 1 are fetched; ask for fewer tasks" in ran.err
    assert json.loads(call("tasks", "--json").out)["error"] == "MalformedResponseError"


@pytest.mark.parametrize("width", [40, 80, 200])
def test_task_ids_are_whole_on_a_terminal(
    call: Command, service: Service, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    task = {"status": "RUNNING", "model_name": PRO, "gmt_create": 1_800_000_000_000}
    service.answers["/tasks"] = listed(*({"task_id": task_id} | task for task_id in (TASK, OTHER)))
    terminal = SimpleNamespace(stdout=SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("wanlib.cli.output.sys", terminal)
    monkeypatch.setenv("COLUMNS", str(width))
    lines = call("tasks").out.splitlines()
    assert [line.split()[0] for line in lines if line.startswith((TASK, OTHER))] == [TASK, OTHER]
    assert all(len(line) <= width for line in lines)
    assert "…" not in "".join(lines)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--since", "yesterday"], "--since 'yesterday': expected a number followed by s, m, h or d"),
        (["--status", "done"], "status is 'DONE'; allowed: PENDING, RUNNING"),
        (["--model", "wan3"], "no model 'wan3'"),
    ],
)
def test_wrong_options_of_tasks(call: Command, service: Service, options: list[str], message: str) -> None:
    ran = call("tasks", *options)
    assert (ran.code, ran.out, service.seen) == (2, "", [])
    assert message in ran.err


def test_tasks_are_canceled(call: Command, service: Service) -> None:
    ran = call("cancel", TASK, OTHER)
    assert (ran.code, ran.out) == (0, f"{TASK} is canceled\n{OTHER} is canceled\n")
    refusal = {"code": "UnsupportedOperation", "message": "it runs", "request_id": "r-1"}
    service.answers[f"/tasks/{TASK}/cancel"] = (400, refusal)
    ran = call("cancel", TASK, OTHER)
    assert (ran.code, ran.out) == (1, f"{OTHER} is canceled\n")
    assert "it runs" in ran.err and "UnsupportedOperation" in ran.err
    lines = call("cancel", TASK, OTHER, "--json").out.splitlines()
    assert json.loads(lines[0])["code"] == "UnsupportedOperation"
    assert json.loads(lines[1]) == {"task_id": OTHER, "canceled": True}


def test_the_unfinished_calls_of_a_journal_are_continued(
    call: Command, service: Service, tmp_path: Path
) -> None:
    journal = tmp_path / "calls.sqlite"
    assert call("submit", PRO, "Dusk", "--n", "1", "--journal", journal).code == 0
    service.answers["/services/aigc/image-generation/generation"] = (502, b"")
    assert call("submit", PRO, "Dusk", "--n", "1", "--journal", journal).code == 1
    service.answers["/tasks"] = listed()
    with sqlite3.connect(journal) as connection:
        connection.execute("UPDATE entry SET label = 'street' WHERE task_id IS NULL")
    connection.close()
    ran = call("resume", "--journal", journal, "--out", tmp_path)
    assert (ran.code, ran.out) == (1, f"{tmp_path / f'{TASK}-1.png'}\n")
    printed = (
        f"wanlib: a call of {PRO} (street) was sent, but its response was lost;"
        " the service lists no task of that time"
    )
    assert ran.err.splitlines()[-1] == printed
    service.answers["/tasks"] = listed({"task_id": OTHER}, {"task_id": OTHER[:-1] + "3"})
    (lost,) = call("resume", "--journal", journal, "--out", tmp_path, "--json").out.splitlines()
    assert json.loads(lost)["lost"]["candidates"] == [OTHER, OTHER[:-1] + "3"]
    service.answers["/tasks"] = listed({"task_id": OTHER})
    ran = call("resume", "--journal", journal, "--out", tmp_path)
    assert (ran.code, ran.out) == (1, "")
    hint = ran.err.splitlines()[-1].rpartition(": wanlib ")[2]
    assert hint.startswith("resume --adopt --out") and OTHER in ran.err
    assert call(*shlex.split(hint)).out == f"{tmp_path / f'{OTHER}-1.png'}\n"


def test_a_journal_with_nothing_to_do_or_none_at_all(call: Command, tmp_path: Path) -> None:
    journal = tmp_path / "calls.sqlite"
    assert call("resume").code == call("resume", "--journal", journal).code == 2
    assert not journal.exists()
    assert call("cancel", TASK, "--journal", journal).code == 0
    ran = call("resume", "--journal", journal)
    assert (ran.code, ran.err) == (0, "wanlib: the journal has no unfinished calls\n")
    assert call("resume", "--journal", journal, "--stem", "a").code == 2
    foreign = tmp_path / "foreign.sqlite"
    with sqlite3.connect(foreign) as made:
        made.execute("CREATE TABLE mine (a)")
    made.close()
    ran = call("resume", "--journal", foreign)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)


def test_a_call_that_another_process_works_on_is_left_to_it(
    call: Command, service: Service, tmp_path: Path
) -> None:
    path = tmp_path / "calls.sqlite"
    assert call("submit", PRO, "Dusk", "--n", "1", "--journal", path).code == 0
    owner = LeaseOwner(path)
    with Journal(path) as journal:
        entry = journal.entry(1)
        assert entry and journal.acquire_lease(1, owner.mark, entry.sent_at, entry.sent_at + 9999)
        ran = call("resume", "--journal", path)
        assert (ran.code, ran.out) == (1, "")
        assert f"task {TASK} of {PRO} is left to the process that leases it until 20" in ran.err
        (line,) = call("resume", "--journal", path, "--json").out.splitlines()
        assert json.loads(line)["leased"]["task_id"] == TASK
    owner.release()
    assert call("resume", "--journal", path, "--out", tmp_path).code == 0


def test_the_id_is_printed_though_the_journal_fails(
    call: Command, service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise JournalError("the journal is gone")

    path = tmp_path / "calls.sqlite"
    for name in ("record_accepted", "record_ended", "record_saved", "record_uncertain"):
        monkeypatch.setattr(Journal, name, fail)
    ran = call("submit", PRO, "Dusk", "--n", "1", "--journal", path)
    assert (ran.code, ran.out) == (0, f"{TASK}\n")
    assert ran.err.count("wanlib: the journal is gone\n") == 1
    ran = call("generate", PRO, "Dusk", "--n", "1", "--journal", path, "--out", tmp_path)
    assert (ran.code, ran.out) == (0, f"{tmp_path / f'{TASK}-1.png'}\n")
    service.answers["/services/aigc/image-generation/generation"] = (502, b"")
    ran = call("generate", PRO, "Dusk", "--n", "1", "--journal", path, "--json")
    assert json.loads(ran.out)["error"] == "OutcomeUnknownError"
    assert json.loads(ran.out)["journal_error"] == "the journal is gone"
