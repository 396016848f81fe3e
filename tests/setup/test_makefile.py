"""The Makefile is valid, and the commands that it and the pages name exist."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
import typer
from wan_conformance.cli.commands import app as conformance_app

from wanlib.cli.app import app as wanlib_app

ROOT = Path(__file__).parents[2]
PAGES = (
    "Makefile",
    "README.md",
    "examples/README.md",
    "CHANGELOG.md",
    "wanlib/README.md",
    "conformance/README.md",
    *(
        f"examples/{name}/README.md"
        for name in ("batch", "clients", "gateway", "notebook", "service", "validator")
    ),
)
_CALL = re.compile(
    r"(?:^ *|[`/]|\$ |python )(?P<program>wanlib|wan-conformance|-m wan_conformance)"
    r" (?P<words>[a-z][a-z-]*(?: [a-z]+)?)",
    re.MULTILINE,
)


def command_names(app: typer.Typer) -> Iterator[str]:
    """Yield the commands of a program, groups with their members."""
    group = typer.main.get_command(app)
    for name, command in getattr(group, "commands", {}).items():
        yield name
        yield from (f"{name} {inner}" for inner in getattr(command, "commands", {}))


WANLIB = {*command_names(wanlib_app())}
CONFORMANCE = {*command_names(conformance_app)}


def unknown_commands(text: str) -> list[str]:
    """Return the commands in a text that no program has."""
    unknown = []
    for match in _CALL.finditer(text):
        names = WANLIB if match["program"] == "wanlib" else CONFORMANCE
        word, _, second = match["words"].partition(" ")
        groups = {name.partition(" ")[0] for name in names if " " in name}
        if word not in names or (word in groups and second and f"{word} {second}" not in names):
            unknown.append(match[0].strip(" `"))
    return unknown


@pytest.mark.parametrize("page", PAGES)
def test_every_command_exists(page: str) -> None:
    assert unknown_commands((ROOT / page).read_text("utf-8")) == []


def test_the_page_of_the_package_lists_every_command() -> None:
    table = (ROOT / "wanlib/README.md").read_text("utf-8").partition("## The command")[2]
    assert [name for name in sorted(WANLIB - {"spec"}) if f"`{name}`" not in table] == []


def test_an_unknown_command_is_found() -> None:
    text = "`wanlib chek FILE`, `wanlib check FILE`\n\t$(BIN)/python -m wan_conformance lifecycle kills\n"
    assert unknown_commands(text) == ["wanlib chek", "python -m wan_conformance lifecycle kills"]
    assert {"lifecycle stateful", "lifecycle crash", "run"} <= CONFORMANCE


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_make_can_run_every_target() -> None:
    text = (ROOT / "Makefile").read_text("utf-8")
    targets = re.findall(r"^([a-z-]+):.*## ", text, re.MULTILINE)
    ran = subprocess.run(
        ["make", "--dry-run", *targets], cwd=ROOT, check=True, capture_output=True, text=True, timeout=60
    )
    modules = set(re.findall(r"/python -m ([\w.]+)", ran.stdout)) - {"pip", "venv"}
    assert len(targets) > 20 and "tests.scale" in modules
    assert [module for module in sorted(modules) if find_spec(module) is None] == []
