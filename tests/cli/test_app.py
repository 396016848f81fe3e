"""The commands put together: all of them for help, one of them to run it."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from typer.main import get_command

from wanlib.cli.app import app

NAMES = [*get_command(app()).commands]  # type: ignore[attr-defined]


def test_help_names_every_command(wanlib: Callable[..., Any]) -> None:
    assert len(NAMES) == 15 and {"check", "edit", "serve", "emit"} <= {*NAMES}
    told = wanlib("--help").out.partition("Commands:")[2].splitlines()
    assert [line.split()[0] for line in told if line[:3].strip()] == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_command_alone_is_what_it_is_among_the_others(name: str) -> None:
    (alone,) = get_command(app([name, "--help"])).commands.items()  # type: ignore[attr-defined]
    among = get_command(app()).commands[name]  # type: ignore[attr-defined]
    assert alone[0] == name
    assert [each.name for each in alone[1].params] == [each.name for each in among.params]


@pytest.mark.parametrize("words", [(), ("--help",), ("kettle",), ("--version", "serve")])
def test_words_that_begin_with_no_command_get_all(words: tuple[str, ...]) -> None:
    assert [*get_command(app(words)).commands] == NAMES  # type: ignore[attr-defined]


def test_a_command_is_loaded_without_the_others() -> None:
    code = "import sys; from wanlib.cli.app import app; app(['serve']); print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(ran.stdout.split())
    assert "wanlib.cli.commands.serve" in loaded
    assert not loaded & {
        "wanlib.cli.commands.create",
        "wanlib.cli.commands.tasks",
        "wanlib.client",
        "httpx",
        "yaml",
        "uvicorn",
    }
