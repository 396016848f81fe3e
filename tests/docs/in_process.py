"""A shell that runs the blocks of pages in this process: no interpreter starts, and no wait takes time."""

import os
import re
import runpy
import shlex
import subprocess
import sys
import tomllib
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import BytesIO, TextIOWrapper
from pathlib import Path
from unittest.mock import patch

from tests.setup.readme import ROOT, SERVED_ADDRESS
from tests.support.patience import PATIENCE
from wanlib.emulator import Emulator, ManualClock
from wanlib.emulator.server.serve import run_in_thread

_KEY = "sk-local"


@contextmanager
def in_process_shell(home: Path) -> Iterator["InProcessShell"]:
    """A shell whose commands and snippets find an emulator; all share one clock, which every wait advances.

    Args:
        home: An empty folder, the working directory.
    """
    clock = ManualClock()
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    variables = {"DASHSCOPE_API_KEY": _KEY, "COLUMNS": "120", "PATH": path}
    with (
        run_in_thread(Emulator(clock=clock)) as url,
        patch("wanlib.base.clock.RealClock", lambda: clock),
        patch("wanlib.client.base_client.RealClock", lambda: clock),
        patch.dict(os.environ, variables | {"DASHSCOPE_HTTP_BASE_URL": f"{url}/api/v1"}),
    ):
        before = Path.cwd()
        os.chdir(home)
        try:
            yield InProcessShell(home, url)
        finally:
            _unload_modules(home)
            os.chdir(before)


class InProcessShell:
    """Runs `wanlib`, `wan-conformance` and Python snippets in this process.

    Args:
        home: The working directory.
        url: The address of the emulator.
    """

    def __init__(self, home: Path, url: str) -> None:
        self.home = home
        self._url = url
        self._programs: dict[str, Callable[[list[str]], None]] = {
            "wanlib": _wanlib,
            "wan-conformance": _wan_conformance,
            "python": _python,
        }

    def run(self, command: str) -> tuple[int, str]:
        """Run a command and return its exit code and its output."""
        text = command.partition(" #")[0].replace(SERVED_ADDRESS, self._url)
        if installed := re.search(r"\bpip install .*\[([\w,]+)\]", text):  # the README's test installs
            unknown = {*installed[1].split(",")} - _known_extras()
            return (1, f"no such extras: {unknown}") if unknown else (0, "")
        words = shlex.split(text.replace("\\\n", " "))
        variables: dict[str, str] = {}
        while words and "=" in words[0]:
            name, _, value = words.pop(0).partition("=")
            variables[name] = value
        if words[0] == "export":
            return 0, ""  # the emulator is reached by the variables of the shell
        if words[0] not in self._programs or words[1:2] == ["-m"] or {"|", "<", ">", "&&"} & {*words}:
            ran = subprocess.run(["bash", "-c", text], capture_output=True, text=True, timeout=PATIENCE)
            return ran.returncode, ran.stdout + ran.stderr
        _unload_modules(self.home)
        with patch.dict(os.environ, variables):
            return _captured(self._programs[words[0]], words)

    def serve(self, command: str, expected: str) -> tuple[int, str]:
        """Check the options of a server; the emulator of the shell takes its place."""
        assert not expected, "only README.md shows what the server prints"
        code, printed = self.run(command.removesuffix("&").strip() + " --help")
        return code, "" if code == 0 else printed

    def installed(self) -> None:
        """Do nothing: only the README installs."""


def _known_extras() -> frozenset[str]:
    """Return the names of the extras of the package."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return frozenset(project["optional-dependencies"])


def _unload_modules(home: Path) -> None:
    """Unload the modules of a folder: another test may import one of the same name."""
    for module in home.glob("*.py"):
        sys.modules.pop(module.stem, None)


def _captured(program: Callable[[list[str]], None], words: list[str]) -> tuple[int, str]:
    printed, code = TextIOWrapper(BytesIO(), "utf-8", write_through=True), 0
    with redirect_stdout(printed), redirect_stderr(printed), patch.object(sys, "argv", words):
        try:
            program(words)
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        except Exception:
            traceback.print_exc()
            code = 1
    printed.seek(0)
    return code, printed.read()


def _wanlib(words: list[str]) -> None:
    from wanlib.cli.app import app

    app(words[1:])(prog_name="wanlib")


def _wan_conformance(words: list[str]) -> None:
    from wan_conformance.cli.commands import app

    app(prog_name="wan-conformance")


def _python(words: list[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        runpy.run_path(words[-1], run_name="__main__")
