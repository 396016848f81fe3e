"""The journal's file: its mode, what it refuses, and what it says when SQLite can't go on."""

import os
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.client.journal.test_journal import NOW, intend, left, running
from tests.support.disk import JOURNAL_FORMAT
from wanlib.client.journal import database as journal_file
from wanlib.client.journal.journal import Journal
from wanlib.errors import JournalError


def set_wait(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let the journal wait so long for another process that writes."""
    patched = journal_file.JOURNAL_FORMAT._replace(wait=seconds)
    monkeypatch.setattr(journal_file, "JOURNAL_FORMAT", patched)


def refused(path: Any, words: str) -> None:
    """Opening says this, names the file, and shows no error of SQLite's."""
    with pytest.raises(JournalError, match=words) as caught:
        Journal(path)
    assert repr(os.fspath(path)) in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal") as journal:
        intend(journal)
        modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes == {"journal": 0o600, "journal-wal": 0o600, "journal-shm": 0o600}


def test_a_link_that_points_to_no_file_yet_is_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with Journal(tmp_path / "link"):
        assert (tmp_path / "real").stat().st_mode & 0o777 == 0o600


def test_an_empty_file_becomes_one_and_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "journal").touch(0o640)
    with Journal(tmp_path / "journal") as journal:
        intend(journal)
    assert (tmp_path / "journal").stat().st_mode & 0o777 == 0o640


def test_no_name_is_special(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in (":memory:", "file:x?mode=memory", "a b%20#", b"\xff".decode("utf-8", "surrogateescape")):
        with Journal(name) as journal:
            intend(journal)
        assert (tmp_path / name).stat().st_size


def test_each_commit_waits_for_the_disk_and_readers_wait_for_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_file, "JOURNAL_FORMAT", JOURNAL_FORMAT)
    with Journal(tmp_path / "journal") as journal:
        pragmas = ("synchronous", "journal_mode")
        found = [journal._file.connection.execute(f"PRAGMA {name}").fetchone()[0] for name in pragmas]
    assert found == [2, "wal"]


@pytest.mark.parametrize("path", [None, 3, b"bytes", "nul\0"])
def test_values_that_are_not_paths(path: Any) -> None:
    with pytest.raises(JournalError, match="give the path of a file"):
        Journal(path)


@pytest.mark.usefixtures("removed_working_directory")
def test_a_relative_path_in_a_working_directory_that_was_removed() -> None:
    with pytest.raises(JournalError, match="'journal' has no working directory to be in: No such file"):
        Journal("journal")


def test_a_place_that_can_hold_no_file(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    os.mkfifo(tmp_path / "pipe")
    refused(tmp_path, "is a folder: name a file in it")
    refused(tmp_path / "no" / "journal", "has no folder to be in: create the folder")
    refused(tmp_path / "plain" / "journal", "has no folder to be in")
    refused(tmp_path / "pipe", "is not a regular file")
    refused(tmp_path / "loop", "can't be opened: give this user the right")
    refused(tmp_path / ("x" * 300), "can't be created: File name too long")


def test_the_file_of_another_program_stays_as_it_is(tmp_path: Path) -> None:
    for pragma in ("user_version = 1", "application_id = 7"):
        other = tmp_path / pragma
        connection = sqlite3.connect(other)
        connection.executescript(f"PRAGMA {pragma}; CREATE TABLE entry (key INTEGER)")
        connection.close()
        before = other.read_bytes()
        refused(other, "is the SQLite file of another program: give the journal another path")
        assert other.read_bytes() == before


def test_a_newer_version_is_refused(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal") as journal:
        journal._file.connection.execute("PRAGMA user_version = 2")
    refused(tmp_path / "journal", "has version 2, and this wanlib reads version 1: update it")


def test_a_file_that_is_not_a_database_is_refused_and_kept(tmp_path: Path) -> None:
    text = b"My diary. " * 500
    (tmp_path / "diary").write_bytes(text)
    refused(tmp_path / "diary", "is not a journal, or damaged: move it away")
    assert (tmp_path / "diary").read_bytes() == text


def test_a_damaged_file_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with Journal(path) as journal:
        running(journal)
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    with Journal(path) as journal, pytest.raises(JournalError, match="is damaged: move it away"):
        intend(journal)
    path.write_bytes(whole[:4096])
    refused(path, "is damaged: move it away")


@pytest.mark.parametrize("change", ["paths = '{'", "paths = 7", "paths = NULL", "model = X'FF'"])
def test_a_row_of_another_program_is_reported(tmp_path: Path, change: str) -> None:
    with Journal(tmp_path / "journal") as journal:
        running(journal)
        journal._file.connection.execute("PRAGMA ignore_check_constraints = ON")
        table = "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = replace(sql, ' NOT NULL', '')"
        journal._file.connection.executescript(table)
    with Journal(tmp_path / "journal") as journal:
        column, _, value = change.partition(" = ")
        value = f"CAST({value} AS TEXT)" if value[0] == "X" else value
        journal._file.connection.execute(f"UPDATE entry SET {column} = {value}")
        with pytest.raises(
            JournalError, match=r"contains a row that is not from a journal|can't be used: Could not decode"
        ):
            left(journal)


def test_a_missing_table_is_reported(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal") as journal:
        journal._file.connection.execute("DROP TABLE entry")
        with pytest.raises(
            JournalError, match="can't be used: no such table: entry; give the journal another"
        ):
            intend(journal)


def test_a_full_disk_is_reported_with_the_task_and_loses_nothing(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal") as journal:
        key = running(journal)
        journal._file.connection.execute("PRAGMA max_page_count = 1")
        with pytest.raises(JournalError, match="can't grow, the disk is full: make room"):
            for _ in range(100):
                intend(journal, digest="d" * 100_000)
        with pytest.raises(JournalError, match="disk is full") as caught:
            journal.record_accepted(key, "t" * 100_000, None, NOW)
        assert caught.value.task_id == "t" * 100_000
        journal._file.connection.execute("PRAGMA max_page_count = 1000000")
        assert left(journal) == [(key, "running")]
        assert intend(journal) > key


def test_a_file_that_may_only_be_read_is_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Opened so by SQLite itself, since root may write any file."""
    Journal(tmp_path / "journal").close()
    connect: Callable[..., sqlite3.Connection] = sqlite3.connect
    monkeypatch.setattr(
        sqlite3, "connect", lambda path, **how: connect(f"file:{path}?mode=ro", uri=True, **how)
    )
    refused(tmp_path / "journal", "can't be written: give this user the right to write it and its folder")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write any file")
def test_a_file_without_the_right_to_write_is_refused(tmp_path: Path) -> None:
    Journal(tmp_path / "journal").close()
    (tmp_path / "journal").chmod(0o400)
    refused(tmp_path / "journal", "can't be (written|opened): give this user the right")


def test_a_locked_file_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    set_wait(monkeypatch, 0)
    with Journal(tmp_path / "journal") as journal:
        other = sqlite3.connect(tmp_path / "journal", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        words = re.escape("is in use by another process: end that one")
        with pytest.raises(JournalError, match=words):
            intend(journal)
        assert left(journal) == []
        refused(tmp_path / "journal", words)
        other.close()
        intend(journal)


def test_the_switch_to_wal_waits_for_a_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process that opens it for the first time reads just then, and ends while this one waits."""
    set_wait(monkeypatch, 0.05)  # the switch itself waits so long before it gives up
    path = tmp_path / "journal"
    executed: list[str] = []
    other = sqlite3.connect(path, isolation_level=None)

    class Interrupted(sqlite3.Connection):
        def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
            if statement == "PRAGMA journal_mode = WAL" and not executed:
                other.executescript("BEGIN; SELECT count(*) FROM sqlite_master")
            if statement == "BEGIN EXCLUSIVE":
                other.execute("ROLLBACK")
            executed.extend([statement] if statement == "PRAGMA journal_mode = WAL" else [])
            return super().execute(statement, *values)

    connect: Callable[..., sqlite3.Connection] = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *path, **how: connect(*path, factory=Interrupted, **how))
    with Journal(path) as journal:
        assert journal._file.connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    other.close()
    assert len(executed) == 2


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (sqlite3.SQLITE_IOERR_FSYNC, "check the disk"),
        (sqlite3.SQLITE_READONLY_DIRECTORY, "can't be written"),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, "is in use by another process"),
        (sqlite3.SQLITE_CORRUPT_INDEX, "is damaged"),
    ],
)
def test_the_finer_codes_of_sqlite_are_known(tmp_path: Path, code: int, words: str) -> None:
    error = sqlite3.OperationalError("some words")
    error.sqlite_errorcode = code
    with pytest.raises(JournalError, match=words), journal_file.sqlite_errors(tmp_path):
        raise error
