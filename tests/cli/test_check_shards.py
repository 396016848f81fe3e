"""`wanlib check --lines` over a file, with workers and a folder of finished shards."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.api_facts import limit_of, price_of
from wanlib.cli import line_shards, shard_text
from wanlib.scale import line_ranges
from wanlib.scale.line_ranges import ByteRange, byte_ranges

Command = Callable[..., Any]


@pytest.fixture
def bodies(tmp_path: Path) -> Path:
    """A file with clean, violating, expensive and unreadable lines, some of them longer than a range."""
    rule, lines = limit_of("wan2.7/n.max"), []
    for number in range(300):
        content = [{"text": "x" * (number % 7 * 300)}, {"image": f"https://example.com/{number}.png"}]
        body = {
            "model": "wan2.7-image" if number % 11 else "wan9",
            "input": {"messages": [{"role": "user", "content": content}]},
            "parameters": {"n": rule + 1 if number % 5 == 0 else 1 + number % 2},
        }
        lines.append(json.dumps(body) if number % 13 else '{"model": 1, "model": 2}' if number % 2 else "")
    file = tmp_path / "bodies.jsonl"
    file.write_text("\n".join(lines), "utf-8")
    return file


def test_output_is_the_same_for_any_number_of_workers(
    wanlib: Command, bodies: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ("--lines", "--max-price", str(price_of("wan2.7-image")))
    by_line = wanlib("check", "-", *options, stdin=bodies.read_bytes())
    assert by_line.code == 2
    assert '"line": 1,' in by_line.out
    assert "line 6: the price" in by_line.err
    assert wanlib("check", bodies, *options) == by_line
    monkeypatch.setattr(line_ranges, "RANGE_BYTES", 10_000)
    for workers in ("1", "2"):
        assert wanlib("check", bodies, *options, "--workers", workers) == by_line


def test_an_interrupted_run_continues(
    wanlib: Command, bodies: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line_ranges, "RANGE_BYTES", 10_000)
    command = ("check", bodies, "--lines", "--shards", tmp_path / "shards")
    complete = wanlib("check", bodies, "--lines")
    computed: list[ByteRange] = []
    check_range = line_shards.LineTask.__call__

    def interrupted(task: Any, part: ByteRange) -> bytes:
        if len(computed) == 3:
            raise KeyboardInterrupt
        computed.append(part)
        return check_range(task, part)

    monkeypatch.setattr(line_shards.LineTask, "__call__", interrupted)
    assert wanlib(*command).code == 130
    first, computed = computed, []
    monkeypatch.setattr(
        line_shards.LineTask, "__call__", lambda task, part: computed.append(part) or check_range(task, part)
    )
    assert wanlib(*command) == complete
    assert not {*first} & {*computed}
    assert [*first, *computed] == [*byte_ranges(bodies.stat().st_size)]
    assert wanlib(*command) == complete
    refused = wanlib(*command, "--local")
    assert refused.code == 2
    assert "results of another input, other options" in refused.err


def test_much_output_for_little_input_is_compressed(
    wanlib: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "bodies.jsonl"
    file.write_text("".join(f'{{"model": "{number}"}}\n\n' for number in range(250)))
    expected = wanlib("check", file, "--lines", "--max-price", "1")
    monkeypatch.setattr(shard_text, "PIECE_BYTES", 1_000)
    monkeypatch.setattr(shard_text, "PLAIN_BYTES", 2_000)
    log = tmp_path / "log"
    assert wanlib("check", file, "--lines", "--max-price", "1", "--shards", log) == expected
    assert (log / "shard-000000000").stat().st_size < len(expected.out) / 3


def test_a_line_that_was_there_before_is_a_reference(wanlib: Command, tmp_path: Path) -> None:
    lines = ['{"model": "x"}', "", '{"model": "y"}', json.dumps({"model": "long" * 5_000, "x" * 9_000: 1})]
    lines += [json.dumps({"model": f"x{number}"}) for number in range(1_010)]
    file, log = tmp_path / "bodies.jsonl", tmp_path / "log"
    file.write_text("\n".join(lines * 2), "utf-8")
    by_line = wanlib("check", "-", "--lines", "--max-price", "1", stdin=file.read_bytes())
    assert wanlib("check", file, "--lines", "--max-price", "1", "--shards", log) == by_line
    assert (log / "shard-000000000").stat().st_size < (len(by_line.out) + len(by_line.err)) * 0.8


def test_lines_of_any_length_only_without_workers(
    wanlib: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line_shards, "MAX_SHARED_LINE", 1_048_576)
    file = tmp_path / "bodies.jsonl"
    file.write_bytes(b'{"model": "' + b"x" * 1_048_576 + b'"}\n{}\n')
    assert '"error"' not in wanlib("check", file, "--lines").out
    long_line, other = map(json.loads, wanlib("check", file, "--lines", "--workers", "1").out.splitlines())
    assert long_line["line"] == 1
    assert "larger than 1 MB, the longest line with --workers" in long_line["error"]
    assert "error" not in other


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("check - --lines --workers 2", "not a file on disk"),
        ("check FILE --workers 2", "--workers and --shards need --lines"),
        ("check FILE --lines --fix --shards x", "--workers and --shards need --lines"),
        ("check FILE --lines --workers many", "--workers is 'many'; allowed: a number from 1"),
        ("check FILE --lines --workers 2 --region moon", "--region 'moon': unknown region"),
        ("check FILE --lines --workers 2 --spec nowhere", "--spec nowhere: no such folder"),
        ("check EMPTY --lines --workers 2", "is empty"),
    ],
)
def test_usage_errors(wanlib: Command, bodies: Path, tmp_path: Path, arguments: str, message: str) -> None:
    (tmp_path / "empty").touch()
    names = {"FILE": bodies, "EMPTY": tmp_path / "empty"}
    ran = wanlib(*(names.get(word, word) for word in arguments.split()))
    assert ran.code == 2
    assert message in ran.err
    assert not ran.out
