"""`--spec DIR` with a private model in every command that reads a spec; `emit --out` writes its client."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from wan_conformance.engine.execute import RunRequest, execute
from wan_conformance.report.tally import tally

from tests.support.private_model import BASE, MODEL, write_overlay

Command = Callable[..., Any]
LIMIT = BASE.field("n").rules_of_kind("max")[0].limit
BODY = {
    "model": MODEL,
    "input": {"messages": [{"role": "user", "content": [{"text": "A cup"}]}]},
    "parameters": {"n": LIMIT + 1},
}


@pytest.fixture(scope="module")
def overlay(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_overlay(tmp_path_factory.mktemp("overlay"))


def test_check_and_exports(wanlib: Command, overlay: Path) -> None:
    ran = wanlib("check", "-", "--json", "--spec", overlay, stdin=json.dumps(BODY).encode())
    result = json.loads(ran.out)
    assert ran.code == 1
    assert [violation["rule"] for violation in result["violations"]] == [f"{MODEL}/n.max"]
    assert f"{MODEL}/n.max" in wanlib("rules", MODEL, "--spec", overlay).out
    assert "1.10" in wanlib("explain", f"{MODEL}/prices.{MODEL}", "--spec", overlay).out
    assert json.loads(wanlib("schema", MODEL, "--spec", overlay).out)
    assert MODEL in wanlib("openapi", "--spec", overlay).out
    sizes = [
        wanlib("size", model, "--ratio", "16:9", *options)
        for model, options in ((MODEL, ("--spec", overlay)), (BASE.models[0], ()))
    ]
    assert (sizes[0].code, sizes[0].out) == (0, sizes[1].out), sizes[0].err
    assert wanlib("size", MODEL, "--ratio", "16:9").code == 2
    assert wanlib("size", MODEL, "--ratio", "16:9", "--spec", overlay / "no").code == 2


def test_the_client_at_a_prompt(wanlib: Command, overlay: Path) -> None:
    for command in ("generate", "submit"):
        ran = wanlib(command, MODEL, "A cup", "--n", "2", "--dry-run", "--spec", overlay)
        assert (ran.code, "2.00 CNY" in ran.out) == (0, True), ran.err
    ran = wanlib("generate", MODEL, "A cup", "--n", str(LIMIT + 1), "--dry-run", "--spec", overlay)
    assert (ran.code, f"{MODEL}/n.max" in ran.err) == (1, True)
    assert wanlib("generate", MODEL, "A cup", "--dry-run").code == 2


def test_a_broken_overlay(wanlib: Command, tmp_path: Path) -> None:
    file = write_overlay(tmp_path) / f"{MODEL}.yaml"
    file.write_text(file.read_text("utf-8").replace("type: integer", "type: int", 1), "utf-8")
    for command in (("generate", MODEL, "A cup", "--dry-run"), ("rules",)):
        ran = wanlib(*command, "--spec", tmp_path)
        assert ran.code == 2
        assert f"wanlib: {MODEL}.yaml:" in ran.err and 'type is "int", expected integer' in ran.err
        assert "Traceback" not in ran.err


def test_emit_writes_a_package_of_ones_own(wanlib: Command, overlay: Path, tmp_path: Path) -> None:
    package = tmp_path / "my_models"
    assert wanlib("emit", "--spec", overlay, "--out", package, "--check").code == 1
    assert not package.exists()
    ran = wanlib("emit", "--spec", overlay, "--out", package)
    assert (ran.code, ran.err) == (0, "")
    assert wanlib("emit", "--spec", overlay, "--out", package, "--check").code == 0
    script = f"""
import sys
from my_models import Wan, check
assert [violation.rule for violation in check({BODY!r})] == ["{MODEL}/n.max"]
with Wan("sk-key") as wan:
    print(wan.prepare("{MODEL}", "A cup", n=2).price)
assert not {{"yaml", "wanlib.spec", "wanlib.generated"}} & set(sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("2.00 CNY for 2 pictures\n", "")


@pytest.mark.parametrize("name", ["my-models", "class", "9models", "möbel"])
def test_a_package_needs_a_name_that_can_be_imported(name: str, wanlib: Command, tmp_path: Path) -> None:
    ran = wanlib("emit", "--out", tmp_path / name)
    assert (ran.code, "can't be imported" in ran.err) == (2, True)


def test_a_package_replaces_no_file_of_yours(wanlib: Command, tmp_path: Path) -> None:
    mine = tmp_path / "mine" / "__init__.py"
    mine.parent.mkdir()
    mine.write_text("print('mine')\n", "utf-8")
    ran = wanlib("emit", "--out", mine.parent)
    assert (ran.code, "__init__.py exists and is not generated" in ran.err) == (2, True)
    assert mine.read_text("utf-8") == "print('mine')\n"


def test_a_package_of_ones_own_is_a_target(
    wanlib: Command, overlay: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert wanlib("emit", "--spec", overlay, "--out", tmp_path / "judged_models").code == 0
    monkeypatch.chdir(tmp_path)
    log = execute(RunRequest(tmp_path, ("judged_models",), (f"{MODEL}/n.max",), spec=overlay, examples=2))
    assert tally(log).conforms
    assert {verdict.target for verdict in log.verdicts} == {
        f"judged_models:{name}" for name in ("generated", "client", "client_async")
    }


def test_a_model_with_only_synchronous_calls(wanlib: Command) -> None:
    """`edit` calls it so; `submit` is refused, also by `--dry-run`."""
    arguments = ("qwen-image-edit", "A cup", "-i", "https://example.com/a.png", "--dry-run")
    folder = ("--spec", Path(__file__).parents[2] / "examples" / "qwen-image-edit")
    edit = wanlib("edit", *arguments, *folder)
    assert (edit.code, "X-DashScope-Async" in edit.out) == (0, False), edit.err
    submit = wanlib("submit", *arguments, *folder)
    assert (submit.code, "wire/endpoints" in submit.err) == (1, True)
