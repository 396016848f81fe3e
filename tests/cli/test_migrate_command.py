"""`wanlib migrate`: output, notes, exit codes, and what it refuses."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wanlib.migration.source_migration import migrate_source
from wanlib.spec import load

SPEC = load()
_PLAIN, PRO, INTERLEAVE, OLDER, _OLDEST = SPEC.models
PROGRAM = f"""from dashscope import ImageSynthesis  # f\xfcr
rsp = ImageSynthesis.call(model={OLDER!r}, prompt=text, images=["https://example.com/1.png"], n=1)
print(rsp)
"""
EDIT_25 = {
    "model": OLDER,
    "input": {"prompt": "Dusk", "images": ["https://example.com/1.png"], "negative_prompt": "people"},
    "parameters": {"n": 1},
}


def test_the_command(wanlib: Callable[..., Any]) -> None:
    ran = wanlib("migrate", "-", "--to", PRO, stdin=json.dumps(EDIT_25).encode())
    assert ran.code == 1
    assert json.loads(ran.out)["model"] == PRO
    assert "wanlib: lost: negative_prompt: left out" in ran.err
    kept = wanlib("migrate", "-", "--to", INTERLEAVE, stdin=json.dumps(EDIT_25).encode())
    assert (kept.code, json.loads(kept.out)["model"]) == (0, INTERLEAVE)


def test_lines(wanlib: Callable[..., Any]) -> None:
    lines = "\n".join([json.dumps(EDIT_25), "{broken", json.dumps({"model": "tea"})])
    ran = wanlib("migrate", "-", "--lines", "--to", INTERLEAVE, stdin=lines.encode())
    printed = [json.loads(line) for line in ran.out.splitlines()]
    assert ran.code == 1
    assert [line and line["model"] for line in printed] == [INTERLEAVE, None, None]
    assert "line 2: " in ran.err
    assert "line 3: the body names the model 'tea', which the spec does not have. Set" in ran.err


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({}, "the body names no model. "),
        ({"model": PRO[:-1]}, f"the body names the model '{PRO[:-1]}', which the spec does not have"),
    ],
)
def test_a_body_without_a_known_model(wanlib: Callable[..., Any], body: dict[str, str], found: str) -> None:
    ran = wanlib("migrate", "-", "--to", PRO, stdin=json.dumps(body).encode())
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith(f"wanlib: {found}")
    assert f'Set "model" to the model for which it was written: {", ".join(SPEC.models)}\n' in ran.err


def test_usage_errors(wanlib: Callable[..., Any]) -> None:
    for arguments in (("no-such-file", "--to", PRO), ("-", "--to", "tea")):
        ran = wanlib("migrate", *arguments, stdin=b"{}")
        assert (ran.code, ran.out) == (2, "")


def test_the_diff_of_a_program_can_be_applied(wanlib: Callable[..., Any], tmp_path: Path) -> None:
    program = tmp_path / "fuse.py"
    for content in (PROGRAM, PROGRAM.rstrip(), f"\ufeff{PROGRAM}"):
        program.write_text(content, encoding="utf-8")
        ran = wanlib("migrate", "--python", program, "--to", INTERLEAVE)
        assert ran.code == 0
        assert "fuse.py:2: not read: prompt: text is kept as it is" in ran.err
        patch = ran.out.replace(program.as_posix().lstrip("/"), "fuse.py")
        subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=patch.encode(), check=True)
        expected = migrate_source(SPEC, PROGRAM, INTERLEAVE).text
        assert program.read_text("utf-8").removeprefix("\ufeff").rstrip() == expected.rstrip()


def test_a_program_keeps_its_encoding_and_line_ends(process: Callable[..., Any], tmp_path: Path) -> None:
    content = f"# -*- coding: latin-1 -*-\n{PROGRAM}".replace("\n", "\r\n").encode("latin-1")
    with process("migrate", "--python", "-", "--to", INTERLEAVE) as running:
        patch, _ = running.communicate(content)
    program = tmp_path / "program.py"
    program.write_bytes(content)
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=patch, check=True)
    lines = program.read_bytes().splitlines(keepends=True)
    assert all(line.endswith(b"\r\n") for line in lines)
    assert "# f\xfcr".encode("latin-1") in lines[1]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"def (:", "1: is not valid Python"),
        (b"# coding: tea\n", "is not valid Python: "),
        (b"a = '\xff'", "is not valid Python: "),
        (b"a = 1\0", "null"),
        (b"a = 1\rb = 2", "carriage returns"),
        (b"(" * 3000, "Python"),
        (b"a = " + b"-" * 100_000 + b"1", "nested too deeply"),
    ],
)
def test_files_that_are_not_programs(wanlib: Callable[..., Any], content: bytes, said: str) -> None:
    ran = wanlib("migrate", "--python", "-", "--to", PRO, stdin=content)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert wanlib("migrate", "--python", "--lines", "-", "--to", PRO).code == 2


def test_a_program_without_calls(wanlib: Callable[..., Any]) -> None:
    ran = wanlib("migrate", "--python", "-", "--to", PRO, stdin=b"print(1)")
    assert (ran.code, ran.out) == (0, "")
    assert "no call" in ran.err


def test_a_call_of_a_program_that_cannot_be_read(wanlib: Callable[..., Any]) -> None:
    ran = wanlib("migrate", "--python", "-", "--to", PRO, stdin=PROGRAM.replace(repr(OLDER), "name").encode())
    assert (ran.code, ran.out) == (1, "")
    assert "standard input:2: left: model is not a literal" in ran.err
