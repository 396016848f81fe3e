"""Options with values that cannot be meant: exit code 2 before anything is done, and no file is touched.

Among them are outputs that would overwrite an input, and two outputs with one name. Those of
`wan-conformance` are in `tests/conformance/test_cli.py` and `live/test_live_command.py`.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

_JOB = '{"model": "wan2.7-image", "prompt": "a vase", "label": "vase"}\n'
_GENERATE = ("generate", "wan2.7-image", "a vase", "--dry-run")
_EDIT = ("edit", "wan2.7-image", "a vase", "-i", "a.png", "--dry-run")
_BATCH = ("batch", "jobs.jsonl", "--out", "out", "--dry-run")
_DIFF = ("diff", "old", "packaged")
_SIZE = ("size", "wan2.7-image", "--ratio", "16:9")


@pytest.fixture(autouse=True)
def untouched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder with inputs of every kind, all of which are the same afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DASHSCOPE_HTTP_BASE_URL", raising=False)
    for name in ("a.png", "out/vase-1.png", "old/own.yaml", "program/calls.py", "bodies.jsonl", "link/x"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(name, encoding="utf-8")
    (tmp_path / "jobs.jsonl").write_text(_JOB, encoding="utf-8")
    (tmp_path / "link/a.png").symlink_to(tmp_path / "a.png")
    before = _contents(tmp_path)
    yield
    assert _contents(tmp_path) == before


def _contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((*_BATCH, "--base-url", "x"), "base_url is 'x'"),
        ((*_BATCH, "--base-url", ""), "base_url is ''"),
        ((*_BATCH, "--region", "x"), "region is 'x'"),
        ((*_BATCH, "--workspace", ""), "workspace is ''"),
        ((*_BATCH, "--names", "x"), "names is 'x'"),
        ((*_BATCH, "--max-price", "x"), "max_price is 'x'"),
        ((*_BATCH, "--model", "wan9"), "no model 'wan9'"),
        ((*_BATCH, "--in-flight", "1001"), "1<=x<=1000"),
        ((*_BATCH, "--out", "bodies.jsonl"), "'bodies.jsonl' is a file; allowed: a folder"),
        ((*_GENERATE, "--base-url", ""), "base_url is ''"),
        ((*_GENERATE, "--timeout", "nan"), "timeout is nan"),
        ((*_GENERATE, "--max-price", "x"), "max_price is 'x'"),
        ((*_GENERATE, "--allow", "wan2.7/n.mox"), "did you mean 'wan2.7/n.max'"),
        ((*_SIZE, "--images", "99999999999999999999"), "0<=x<=1000"),
        ((*_SIZE, "--images", "-1"), "0<=x<=1000"),
        (("serve", "--faults", "cut", "--fault-rate", "nan"), "--fault-rate is nan"),
        (("serve", "--ahead", "nan"), "--ahead is nan"),
    ],
)
def test_a_value_out_of_range(wanlib: Callable[..., Any], arguments: tuple[str, ...], message: str) -> None:
    ran = wanlib(*arguments)
    assert (ran.code, ran.out) == (2, "") and message in ran.err, ran.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((*_EDIT, "--out", "a.png", "--overwrite"), "--out a.png: --image reads this file; name another one"),
        ((*_EDIT, "--out", "link/a.png"), "--out link/a.png: --image reads this file"),
        ((*_EDIT, "--journal", "a.png"), "--journal a.png: --image reads this file"),
        ((*_EDIT, "--mask", "b.png", "--out", "b.png"), "--out b.png: --mask reads this file"),
        ((*_EDIT, "-i", "out/vase-1.png", "--out", "out", "--stem", "vase"), "--image reads this file"),
        ((*_GENERATE, "--journal", "b.png", "--out", "./b.png"), "--out and --journal name the same file"),
        (("wait", "1", "--journal", "b.png", "--out", "b.png"), "--out and --journal name the same file"),
        (("resume", "--journal", "a.png", "--out", "a.png"), "--out and --journal name the same file"),
        ((*_DIFF, "--html", "x", "--markdown", "./x"), "--markdown and --html name the same file, x"),
        ((*_DIFF, "--html", "bodies.jsonl", "--bodies", "bodies.jsonl"), "--bodies reads this file"),
        ((*_DIFF, "--sarif", "program/calls.py", "--calls", "program"), "--calls reads this file"),
        ((*_DIFF, "--markdown", "old/own.yaml"), "--markdown old/own.yaml: OLD reads this file"),
        ((*_DIFF, "--html", "old"), "--html old: is a folder; name a file"),
        ((*_DIFF, "--html", "a.png/x.html"), "--html a.png/x.html: the folder a.png can't be written to"),
        ((*_DIFF, "--html", "-"), "--html -: is not written to standard output; name a file"),
        (("serve", "--spec", "old", "--report", "old/own.yaml"), "--spec reads this file"),
    ],
)
def test_an_output_that_is_an_input_or_another_output(
    wanlib: Callable[..., Any], arguments: tuple[str, ...], message: str
) -> None:
    ran = wanlib(*arguments)
    assert (ran.code, ran.out) == (2, "") and message in ran.err, ran.err
    assert ran.err.count("\n") == 1


def test_a_device_may_be_named_twice(wanlib: Callable[..., Any], tmp_path: Path) -> None:
    ran = wanlib("diff", "wan2.7-image", "wan2.7-image", "--html", "/dev/null", "--markdown", "/dev/null")
    assert (ran.code, ran.err) == (0, "")
