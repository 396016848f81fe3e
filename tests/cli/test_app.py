"""The applications: all commands for the help text, one of them to run it; options of both programs."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner
from wan_conformance.cli.commands import app as conformance_app

from wanlib import __version__
from wanlib.cli.app import EXIT_CODES, app

NAMES = [*get_command(app()).commands]  # type: ignore[attr-defined]


def test_help_names_every_command(wanlib: Callable[..., Any]) -> None:
    assert {"check", "edit", "serve", "emit"} <= {*NAMES}
    lines = wanlib("--help").out.partition("Commands:")[2].splitlines()
    assert [line.split()[0] for line in lines if line[:3].strip()] == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_command_loaded_alone_has_the_same_parameters(name: str) -> None:
    (alone,) = get_command(app([name, "--help"])).commands.items()  # type: ignore[attr-defined]
    among = get_command(app()).commands[name]  # type: ignore[attr-defined]
    assert alone[0] == name
    assert [parameter.name for parameter in alone[1].params] == [parameter.name for parameter in among.params]


@pytest.mark.parametrize("words", [(), ("--help",), ("kettle",), ("--version", "serve")])
def test_other_arguments_load_all_commands(words: tuple[str, ...]) -> None:
    assert [*get_command(app(words)).commands] == NAMES  # type: ignore[attr-defined]


def test_a_command_is_loaded_without_the_others() -> None:
    code = "import sys; from wanlib.cli.app import app; app(['serve']); print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(ran.stdout.split())
    assert "wanlib.cli.commands.serve" in loaded
    assert not loaded & {
        "wanlib.cli.commands.calls.create",
        "wanlib.cli.commands.calls.tasks",
        "wanlib.client",
        "httpx",
        "yaml",
        "uvicorn",
    }


PROGRAMS = {"wanlib": app(), "wan-conformance": conformance_app}


@pytest.mark.parametrize("program", PROGRAMS)
def test_both_programs_have_the_same_options(program: str) -> None:
    def run(*arguments: str) -> str:
        result = CliRunner().invoke(PROGRAMS[program], arguments, prog_name=program)
        assert result.exit_code == 0
        return result.stdout

    assert run("-h") == run("--help")
    assert run("--version") == f"{program} {__version__}\n"
    help_text = " ".join(run("-h").split())
    assert EXIT_CODES in help_text
    assert "--install-completion" in help_text and "--show-completion" in help_text


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_command_has_help_with_a_first_line_that_fits(program: str) -> None:
    commands = get_command(PROGRAMS[program]).commands  # type: ignore[attr-defined]
    for name, command in commands.items():
        result = CliRunner().invoke(PROGRAMS[program], [name, "-h"], prog_name=program)
        assert result.exit_code == 0 and f"Usage: {program} {name}" in result.stdout
        assert not command.get_short_help_str(limit=64).endswith("..."), name


@pytest.mark.parametrize("program", PROGRAMS)
def test_completion_lists_the_commands(program: str) -> None:
    variable = f"_{program.replace('-', '_').upper()}_COMPLETE"
    environment = {variable: "complete_bash", "COMP_WORDS": f"{program} ", "COMP_CWORD": "1"}
    result = CliRunner().invoke(PROGRAMS[program], [], prog_name=program, env=environment)
    names = [*get_command(PROGRAMS[program]).commands]  # type: ignore[attr-defined]
    assert result.stdout.split() == names
