"""Byte ranges of a file of lines, and the log of finished shards."""

from pathlib import Path
from random import Random
from typing import Any

import pytest

from wanlib.scale import line_ranges
from wanlib.scale.line_ranges import ByteRange, ChangedFileError, byte_ranges, read_range
from wanlib.scale.shard_log import ForeignShardsError, ShardLog


def test_ranges_of_any_size_have_each_line_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    random, file = Random(0), tmp_path / "lines"
    for _ in range(60):
        content = b"".join(random.choices([b"a", b"bc", b"\n", b"\r", b"ddddddd"], k=random.randrange(1, 40)))
        file.write_bytes(content)
        lines = content.removesuffix(b"\n").split(b"\n")
        expected = [line if len(line) <= 9 else None for line in lines]
        for size in (1, 2, 3, 7, 100):
            monkeypatch.setattr(line_ranges, "RANGE_BYTES", size)
            monkeypatch.setattr(line_ranges, "_BLOCK", random.choice((1, 4, 9, 10, 99)))
            ranges = [*byte_ranges(len(content))]
            found = [line for part in ranges for line in read_range(file, len(content), part, 9)]
            assert found == expected, (content, size)


def test_a_long_line_is_not_read_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "lines"
    file.write_bytes(b"x" * 5_000_000 + b"\n1\n")
    read: list[int] = []
    after = line_ranges._after_line

    def noting(file: Any, position: int, end: int) -> int:
        read.append(end - position)
        return after(file, position, end)

    monkeypatch.setattr(line_ranges, "_after_line", noting)
    part = ByteRange(1_000_000, 2_000_000)
    assert [*read_range(file, 5_000_003, part, 100)] == []
    assert max(read) <= 1_000_001


def test_lines_added_during_the_run_are_not_read(tmp_path: Path) -> None:
    file = tmp_path / "lines"
    file.write_bytes(b"1\n23\n4\n")
    assert [*read_range(file, 3, ByteRange(0, 3), 100)] == [b"1", b"2"]


def test_a_file_that_is_not_the_same(tmp_path: Path) -> None:
    file = tmp_path / "lines"
    with pytest.raises(ChangedFileError, match="a worker can't read it: No such file"):
        [*read_range(file, 10, ByteRange(0, 10), 100)]
    file.write_bytes(b"1\n")
    with pytest.raises(ChangedFileError, match="has 2 bytes, and had 10"):
        [*read_range(file, 10, ByteRange(0, 10), 100)]


def test_the_log_takes_complete_results_of_the_same_run_only(tmp_path: Path) -> None:
    log = ShardLog(tmp_path / "log", {"file": "a"}, keeps=True)
    log.add(0, b"result")
    log.add(1, b"other")
    (tmp_path / "log" / "shard-000000001").write_bytes(b"other")  # as a disk that lost power leaves it
    again = ShardLog(tmp_path / "log", {"file": "a"}, keeps=True)
    assert [number in again for number in range(3)] == [True, False, False]
    assert again.take(0) == again.take(0) == b"result"
    with pytest.raises(ForeignShardsError, match="results of another input"):
        ShardLog(tmp_path / "log", {"file": "b"}, keeps=True)
    with pytest.raises(ForeignShardsError, match="has other files"):
        ShardLog(tmp_path, {}, keeps=True)
