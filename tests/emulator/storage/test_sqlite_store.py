"""The store in a folder: what survives a restart and kill -9, and which folders are refused."""

import gc
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import tracemalloc
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.emulator.api.test_uploads import CAT, RESOLVE, form, policy, post, uploaded
from tests.emulator.api_client import (
    BODIES,
    PLAIN,
    URL,
    advance,
    create,
    data_uri,
    fetch,
    json_of,
    links,
    messages,
    query,
    status,
    submit,
)
from tests.support.api_facts import SPEC, default_of, seconds
from tests.support.fake_clock import NEW_YEAR_2026
from wanlib.emulator import Emulator, RealClock, Settings
from wanlib.emulator.storage.database import StoreError
from wanlib.emulator.storage.sqlite_store import open_store

ROOT = Path(__file__).parents[3]
START = NEW_YEAR_2026
WAITING = Settings(waiting=60, working=60)


def begun(folder: Path, **more: Any) -> Emulator:
    """An emulator on a folder, with a manual clock."""
    store = open_store(folder)
    return Emulator(store=store, clock=store.manual_clock(START), **more)


def test_a_restart_loses_nothing(tmp_path: Path) -> None:
    first = begun(tmp_path, settings=WAITING)
    tasks = [submit(first, body) for body in BODIES.values()]
    done = submit(first, messages(PLAIN, uploaded(first), data_uri(300, 300), size="1K", n=1), **RESOLVE)
    advance(first, 150)
    answers = [query(first, task)["output"] for task in (*tasks, done)]
    late = submit(first, BODIES[PLAIN])
    picture, bill = fetch(first, links(query(first, done))[0]).body, first.ledger()
    first.close()

    second = begun(tmp_path, settings=WAITING)
    assert second.clock.wall() == START + 150
    assert [query(second, task)["output"] for task in (*tasks, done)] == answers
    assert fetch(second, links(query(second, done))[0]).body == picture
    assert (second.ledger(), status(second, late)) == (bill, "PENDING")
    advance(second, 120)
    assert status(second, late) == "SUCCEEDED"
    assert sum(each.accepted for each in second.ledger()) == sum(each.succeeded for each in second.ledger())
    second.close()


def test_a_job_begun_before_a_restart_ends_after_it(tmp_path: Path) -> None:
    first = begun(tmp_path)
    leave = policy(first)
    first.close()
    second = begun(tmp_path)
    assert post(second, leave, form(leave), CAT).status == 200
    second.close()
    third = begun(tmp_path)
    submit(third, messages(PLAIN, f"oss://{leave['upload_dir']}/cat.png"), **RESOLVE)
    advance(third, seconds(SPEC.wire["upload"]["expires"]) + 1)
    assert create(third, messages(PLAIN), "sync").status == 200
    assert third.stored_bytes == (0, 0) and not list((tmp_path / "pieces").iterdir())
    third.close()


def test_a_manual_clock_continues_where_it_stopped(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    assert store.manual_clock(5.0).now() == 5
    store.close()
    for moment in (5, 12, 19):
        emulator = begun(tmp_path)
        assert emulator.clock.wall() == moment
        advance(emulator, 7)
        emulator.close()
    real = Emulator(store=open_store(tmp_path), clock=RealClock())
    submit(real, BODIES[PLAIN])
    now = real.clock.wall()
    real.close()
    last = begun(tmp_path)
    assert last.clock.wall() > now - 60  # not before what has happened
    last.close()


def test_no_id_comes_twice_and_quotas_go_on(tmp_path: Path) -> None:
    seen: list[str] = []
    for _ in range(4):
        emulator = begun(tmp_path, seed=5, settings=Settings(working=100, quotas=True))
        seen += [submit(emulator, BODIES[PLAIN]) for _ in range(2)]
        running = [status(emulator, task) for task in seen]
        emulator.close()
    room = SPEC.wire["rates"][PLAIN]["running"]
    assert len(set(seen)) == 8 and running == ["RUNNING"] * room + ["PENDING"] * (8 - room)


def test_a_change_is_kept_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    emulator = begun(tmp_path)
    submit(emulator, messages(PLAIN, data_uri(300, 300)))
    advance(emulator, 1)
    accounts, spooled = emulator.store.accounts, emulator.stored_bytes
    put = accounts.put

    def full(key: str, record: Any) -> None:
        if record.accepted == 2:
            raise sqlite3.OperationalError("database or disk is full")
        put(key, record)

    monkeypatch.setattr(accounts, "put", full)  # when the work and its piece are there
    assert create(emulator, messages(PLAIN, data_uri(301, 301))).status == 500
    monkeypatch.undo()
    assert (emulator.stored_bytes, len(emulator.store.jobs)) == (spooled, 1)
    # What the failed request had booked for the first job was undone, and is booked again.
    (account,) = emulator.ledger()
    assert (account.accepted, account.succeeded, account.pictures) == (1, 1, default_of("wan2.7/n"))
    assert len(list((tmp_path / "pieces").iterdir())) == 1
    assert emulator.history[-1].status == 500
    emulator.close()


def test_a_kill_in_the_middle_of_traffic_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    promised: list[str] = []
    for rounds in (7, 16):
        command = [sys.executable, "-m", "tests.emulator.crash_worker", str(tmp_path)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            promised += [process.stdout.readline() for _ in range(rounds)]
            process.send_signal(signal.SIGKILL)
            promised += process.stdout.readlines()
    emulator = begun(tmp_path)
    tasks = [line.split()[1] for line in promised if line.startswith("task")]
    files = [line.split()[1] for line in promised if line.startswith("file")]
    assert len(set(tasks)) == len(tasks) >= 14 and len(set(files)) == len(files) >= 6
    for task in tasks:
        answer = query(emulator, task)
        assert answer["output"]["task_status"] == "SUCCEEDED"
        assert fetch(emulator, links(answer)[0]).body.startswith(b"\x89PNG")
    for url in files:
        upload = emulator.store.uploads.get(url.removeprefix("oss://"))
        assert upload is not None and len(emulator._context.blobs.get(upload.blob_key) or b"") == upload.size
    accounts = emulator.ledger()
    assert sum(each.accepted for each in accounts) == len(emulator.store.jobs) >= len(tasks)
    emulator.close()


def test_an_uploaded_name_leaves_the_folder_in_no_way(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    emulator = begun(folder)
    leave = policy(emulator)
    for name in ("../../../../evil", "a/../../../b", "/etc/passwd", "x\0y", "c:\\evil"):
        post(emulator, leave, form(leave, name), CAT)
    emulator.close()
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
    assert {path.name for path in folder.iterdir()} == {"emulator.sqlite", "pieces"}
    pieces = list((folder / "pieces").iterdir())
    assert pieces and all(len(path.name) == 32 and path.name.isalnum() for path in pieces)
    for path in (folder, folder / "pieces", folder / "emulator.sqlite", *pieces):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


def test_a_forged_blob_key_does_not_read_other_files(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    emulator = begun(tmp_path / "data")
    emulator.store._database.execute("INSERT INTO pieces VALUES ('../../secret', 1, 6)")  # type: ignore[attr-defined]
    assert emulator._context.blobs.get("../../secret") is None
    emulator._context.blobs.release("../../secret")
    assert (tmp_path / "secret").exists()
    emulator.close()


def test_two_cannot_have_a_folder(tmp_path: Path) -> None:
    emulator = begun(tmp_path)
    with pytest.raises(StoreError, match=r"is in use by another process: end that one, or"):
        open_store(tmp_path)
    emulator.close()
    open_store(tmp_path).close()


def refused(folder: Path) -> str:
    with pytest.raises(StoreError) as error:
        store = open_store(folder)
        Emulator(store=store)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_foreign_files_are_refused_and_left_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "emulator.sqlite"
    for data in (b"not a database" * 99, b"\0" * 5000):
        path.write_bytes(data)
        assert "is not data of the emulator" in refused(tmp_path) and path.read_bytes() == data
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE tea (cup)")
    data = path.read_bytes()
    assert "is the SQLite file of another program" in refused(tmp_path) and path.read_bytes() == data
    path.unlink()
    path.mkdir()
    assert "is not a regular file" in refused(tmp_path)
    (tmp_path / "file").touch()
    assert "is not a folder" in refused(tmp_path / "file")
    assert "can't be created" in refused(tmp_path / "file" / "deeper")


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("PRAGMA user_version = 2", "has version 2, and this wanlib reads version 1: update it, or"),
        ("UPDATE works SET record = '[1]'", "contains an invalid record in works"),
        ("UPDATE works SET record = replace(record, '[', '{')", "contains an invalid record in works"),
        ("UPDATE works SET record = x'00'", "contains an invalid record in works"),
    ],
)
def test_a_modified_database_is_refused(tmp_path: Path, statement: str, said: str) -> None:
    emulator = begun(tmp_path)
    submit(emulator, BODIES[PLAIN])
    emulator.close()
    connection = sqlite3.connect(tmp_path / "emulator.sqlite", isolation_level=None)
    connection.execute(statement)
    connection.close()
    assert said in refused(tmp_path)


def test_an_emulator_that_cannot_start_closes_its_store(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    with pytest.raises(ValueError, match="nonsense"):
        Emulator(store=store, mutant="nonsense")
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        store.jobs.first()


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    emulator = begun(tmp_path)
    for _ in range(40):
        submit(emulator, messages(PLAIN, URL, prompt="x" * 999))
    emulator.close()
    path = tmp_path / "emulator.sqlite"
    data = bytearray(path.read_bytes())
    data[4096:-4096] = os.urandom(len(data) - 8192)
    path.write_bytes(data)
    assert "is damaged" in refused(tmp_path)


def test_odd_text_comes_back_as_it_was(tmp_path: Path) -> None:
    emulator = begun(tmp_path)
    prompt = "\ud800 \0 ' \" \u2028 猫"
    task = submit(emulator, messages(PLAIN, URL, prompt=prompt, seed=7))
    emulator.close()
    emulator = begun(tmp_path)
    work = emulator.store.jobs.get(task)
    assert work is not None and work.spec.prompt == prompt and work.spec.seeds[0] == (7, 0)
    assert json_of(create(emulator, messages(PLAIN), "sync"))
    emulator.close()


def test_memory_is_flat(tmp_path: Path) -> None:
    emulator = begun(tmp_path, settings=Settings(max_recorded=200))
    body = messages(PLAIN, URL, prompt="x" * 4000)

    def used(count: int) -> int:
        for _ in range(count):
            create(emulator, body)
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    used(210)
    before = used(10)
    assert used(80) - before < 80 * 1000  # the prompts alone would be four times as much
    tracemalloc.stop()
    assert len(emulator.store.jobs) == 300
    emulator.close()
