"""Wrong input of any command: one line on stderr, nothing on stdout, exit code 2, no traceback."""

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from shutil import copytree
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wanlib.cli.strict_json import InvalidJsonError, parse_json
from wanlib.spec.load import spec_folder

UNREADABLE = [
    (b"", "is empty"),
    (b" \n\t\r\n ", "is empty"),
    (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "byte 0 is 0x89"),
    (b"\0\0\0\0", ":1:1: is not JSON"),
    (b'{"model": "\xff"}', "byte 11 is 0xff"),
    (b'{"a": "\xed\xa0\x80"}', "byte 7 is 0xed"),
    ('{"é": "'.encode() + b"\xc3", "byte 8 is 0xc3"),
    (b"\xef\xbb\xbf{}", "byte order mark"),
    ("{}".encode("utf-16"), "byte 0 is 0xff"),
    (b'{"a": 1,\n  "b": }', ":2:8: is not JSON: expecting value"),
    (b"{'a': 1}", ":1:2: is not JSON"),
    (b"{} {}", ":1:4: is not JSON: extra data"),
    (b'{"a": 1', "is not JSON"),
    (b'{"a": "x\ny"}', ":1:9: is not JSON"),
    (b'{"a": 1, "b": [{"c": 1, "c": 1}]}', "repeats the key 'c'"),
    (b'{"a": 1, "\\u0061": 2}', "repeats the key 'a'"),
    (b'{"a": NaN}', "NaN"),
    (b"[Infinity]", "Infinity"),
    (b"[-Infinity]", "-Infinity"),
    (b'{"a": ["x", {"b": "\\ud800"}]}', "single surrogate, \\ud800, at /a/1/b"),
    (b'"\\uDFFF"', "single surrogate, \\udfff, at the top"),
    (b'{"a": {"\\udc00\\ud800": 1}}', "single surrogate, \\udc00, at /a"),
    (b"[" + b"1" * 5000 + b"]", "more than 4,300 digits"),
    (b"[" * 100_000, "nested too deeply"),
    (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "nested too deeply"),
]


def refused(ran: Any, message: str) -> None:
    assert ran.code == 2
    assert ran.out == ""
    assert ran.err.count("\n") == 1
    assert ran.err.startswith("wanlib: ")
    assert message in ran.err


@pytest.mark.parametrize(("raw", "message"), UNREADABLE, ids=[message for _, message in UNREADABLE])
def test_a_file_without_a_json_body(
    wanlib: Callable[..., Any], tmp_path: Path, raw: bytes, message: str
) -> None:
    file = tmp_path / "body.json"
    file.write_bytes(raw)
    for options in ((), ("--json",), ("--strict",)):
        ran = wanlib("check", file, *options)
        refused(ran, message)
        assert str(file) in ran.err
    refused(wanlib("check", "-", stdin=raw), "standard input")


@pytest.mark.parametrize("lines", [(), ("--lines",)])
def test_a_file_that_can_not_be_read(
    wanlib: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: tuple[str, ...]
) -> None:
    refused(wanlib("check", tmp_path / "none.json", *lines), "none.json: can't be read: No such file")
    refused(wanlib("check", tmp_path, *lines), "can't be read: Is a directory")
    too_long = wanlib("check", "x" * 300, *lines)
    refused(too_long, "xx…: can't be read: File name too long")
    assert len(too_long.err) < 150
    refused(wanlib("check", tmp_path / "a\nb\x1b[31m", *lines), r"a\nb\x1b[31m: can't be read")
    refused(wanlib("check", "-", *lines, stdin=b""), "standard input: is empty")
    closed = tmp_path / "closed.json"
    closed.write_bytes(b"{}")

    def deny(*_: object) -> None:
        raise PermissionError(13, "Permission denied", str(closed))

    monkeypatch.setattr("pathlib.Path.open", deny)  # the superuser may read any file
    refused(wanlib("check", closed, *lines), "closed.json: can't be read: Permission denied")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may read any file")
def test_a_file_without_permission(wanlib: Callable[..., Any], tmp_path: Path) -> None:
    closed = tmp_path / "closed.json"
    closed.write_bytes(b"{}")
    closed.chmod(0)
    refused(wanlib("check", closed), "Permission denied")


def test_a_file_over_400_mb_is_refused_by_its_size(
    wanlib: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wanlib.cli.input_files._CHUNK", "nothing of it is to be read")
    file = tmp_path / "large.json"
    with file.open("wb") as made:
        made.truncate(400 * 1_048_576 + 1)  # sparse: no byte of it is stored
    refused(wanlib("check", file), "is larger than 400 MB")


class Endless(io.RawIOBase):
    """Standard input that never ends, and counts what is taken from it."""

    taken = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        buffer[:] = b" " * len(buffer)
        self.taken += len(buffer)
        return len(buffer)


def test_standard_input_is_read_up_to_the_limit(
    wanlib: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wanlib.cli.input_files.LIMIT", 3 * 1_048_576)
    endless = Endless()
    monkeypatch.setattr(
        "wanlib.cli.input_files.sys",
        SimpleNamespace(stdin=SimpleNamespace(buffer=io.BufferedReader(endless))),
    )
    refused(wanlib("check", "-"), "is larger than 3 MB")
    assert endless.taken <= 5 * 1_048_576


def test_the_limit_itself_is_read(
    wanlib: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wanlib.cli.input_files.LIMIT", 1_048_576)
    file = tmp_path / "body.json"
    for size, code in ((1_048_576, 1), (1_048_577, 2)):
        file.write_bytes(b"{}".ljust(size))
        assert wanlib("check", file).code == code
        assert wanlib("check", "-", stdin=file.read_bytes()).code == code


def test_standard_input_that_is_closed(wanlib: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wanlib.cli.input_files.sys", SimpleNamespace(stdin=None))
    refused(wanlib("check", "-"), "standard input: is closed")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("schema wan2.7-imag", "no model 'wan2.7-imag'; did you mean 'wan2.7-image'? Known: "),
        ("schema qwen", "no model 'qwen'; known: wan2.7-image, wan2.7-image-pro"),
        ("rules wan2.5-i2i", "did you mean 'wan2.5-i2i-preview'?"),
        ("rules --json WAN2.7-IMAGE", "no model 'WAN2.7-IMAGE'"),
        ("explain wan2.7/n.mox", "no rule, fact or error code 'wan2.7/n.mox'; did you mean 'wan2.7/n.max'"),
        ("explain n.max:sequential", "did you mean 'wan2.7/n.max:sequential'?"),
        ("explain xyzzy", "`wanlib rules` lists the rules"),
        ("check - --spec nowhere", "--spec nowhere: no such folder"),
    ],
)
def test_an_unknown_name_is_a_usage_error(wanlib: Callable[..., Any], arguments: str, message: str) -> None:
    refused(wanlib(*arguments.split()), message)


@pytest.mark.parametrize(
    "arguments", ["", "chek", "check", "check - --jsn", "rules a b", "explain", "schema", "emit x"]
)
def test_wrong_arguments_print_the_usage(wanlib: Callable[..., Any], arguments: str) -> None:
    ran = wanlib(*arguments.split())
    assert (ran.code, ran.out) == (2, "")
    assert "Usage: wanlib" in ran.err


COMMANDS = [
    "check -",
    "rules",
    "explain wan2.7/n.max",
    "schema wan2.7-image",
    "openapi",
    "emit",
    "emit --check",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_all_problems_of_a_broken_spec_are_printed(
    wanlib: Callable[..., Any], tmp_path: Path, command: str
) -> None:
    folder = copytree(spec_folder(), tmp_path / "spec")
    family = folder / "wan2.7.yaml"
    text = family.read_text("utf-8")
    family.write_text(text.replace("max_chars:", "max_chrs:").replace("same_count_as:", "same_as:"), "utf-8")
    ran = wanlib(*command.split(), "--spec", folder)
    lines = ran.err.splitlines()
    assert (ran.code, ran.out) == (2, "")
    assert len(lines) >= 2
    assert all(line.startswith("wanlib: wan2.7.yaml:") for line in lines)
    assert any("max_chrs" in line for line in lines) and any("same_as" in line for line in lines)


def test_an_internal_error_exits_with_3(wanlib: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(_: str) -> None:
        raise KeyError("https://example.com/a?sig=TOPSECRET")

    monkeypatch.setattr("wanlib.cli.commands.check.read_body", break_down)
    ran = wanlib("check", "-")
    assert (ran.code, ran.out, ran.err.count("\n")) == (3, "", 1)
    assert "internal error: KeyError(" in ran.err and "test_bad_input.py:" in ran.err
    assert "TOPSECRET" not in ran.err


@pytest.mark.parametrize(
    ("error", "code"),
    [(KeyboardInterrupt(), 130), (BrokenPipeError(), 141), (KeyboardInterrupt(signal.SIGTERM), 143)],
)
def test_an_interrupt_and_a_closed_pipe_print_nothing(
    wanlib: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int
) -> None:
    def end(_: str) -> None:
        raise error

    monkeypatch.setattr("wanlib.cli.commands.check.read_body", end)
    assert wanlib("check", "-") == (code, "", "")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (MemoryError, "larger than the free memory"),
        (RecursionError, "nested too deeply"),
        (OSError(5, "Input/output error"), "standard output: Input/output"),
    ],
)
def test_resource_errors_are_one_line(
    wanlib: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, error: Any, message: str
) -> None:
    def fail(_: str) -> None:
        raise error

    monkeypatch.setattr("wanlib.cli.commands.check.read_body", fail)
    refused(wanlib("check", "-"), message)


def test_without_typer(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from wanlib.cli import main

    monkeypatch.delitem(sys.modules, "wanlib.cli.app")
    monkeypatch.setitem(sys.modules, "typer", None)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert capsys.readouterr() == ("", "wanlib: typer is not installed: pip install 'wanlib[cli]'\n")


def test_without_yaml(process: Callable[..., Any]) -> None:
    code = "import sys; sys.modules['yaml'] = None\nfrom wanlib.cli import main; main()"
    running = process("schema", "wan2.7-image", code=code)
    assert running.communicate() == (b"", b"wanlib: this needs yaml: pip install 'wanlib[cli]'\n")
    assert running.returncode == 2


@pytest.mark.parametrize("arguments", ["rules", "check -"], ids=["more than is held back", "less"])
def test_a_pipe_that_is_closed_by_its_reader(process: Callable[..., Any], arguments: str) -> None:
    read, write = os.pipe()
    os.close(read)
    running = process(*arguments.split(), stdout=write)
    os.close(write)
    assert running.communicate(b"{}") == (None, b"")
    assert running.returncode == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("arguments", ["rules", "check -"], ids=["more than is held back", "less"])
def test_a_disk_that_is_full(process: Callable[..., Any], arguments: str) -> None:
    with Path("/dev/full").open("wb") as full:
        running = process(*arguments.split(), stdout=full)
        _, err = running.communicate(b"{}")
    assert (running.returncode, err) == (2, b"wanlib: standard output: No space left on device\n")


@pytest.mark.skipif(sys.platform == "win32", reason="signals are of POSIX")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_line_is_answered_at_once_and_a_signal_ends_quietly(
    process: Callable[..., Any], number: signal.Signals, code: int
) -> None:
    running = process("check", "-", "--lines")
    running.stdin.write(b"{}\n")
    running.stdin.flush()
    assert json.loads(running.stdout.readline())["ok"] is False  # before the input has ended
    running.send_signal(number)
    assert running.communicate() == (b"", b"")
    assert running.returncode == code


def test_as_a_module() -> None:
    command = [sys.executable, "-m", "wanlib", "--version"]
    ran = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, check=True)
    from wanlib import __version__

    assert ran.stdout.decode().split() == ["wanlib", __version__]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(JSON, st.booleans())
def test_every_json_value_is_read(value: object, ascii_only: bool) -> None:
    assert parse_json(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(st.binary() | st.text(alphabet='[]{}",:\\ud8N1eE+-. \n').map(str.encode))
def test_anything_else_raises_invalid_json_error(raw: bytes) -> None:
    """Nothing but Unreadable comes out, and what is taken is what Python's own reader takes."""
    try:
        value = parse_json(raw)
    except InvalidJsonError as error:
        assert str(error)
    else:
        assert json.loads(raw) == value
