"""`wanlib migrate`: output, notes, exit codes, and what it refuses."""

import json
from collections.abc import Callable
from typing import Any

from wanlib.spec import load

_PLAIN, PRO, INTERLEAVE, OLDER, _OLDEST = load().models
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
    assert "line 3: model is 'tea'" in ran.err


def test_usage_errors(wanlib: Callable[..., Any]) -> None:
    for arguments in (("no-such-file", "--to", PRO), ("-", "--to", "tea")):
        ran = wanlib("migrate", *arguments, stdin=b"{}")
        assert (ran.code, ran.out) == (2, "")
