"""The blocks of a Markdown page: read, and run as a reader would run them, outside of the checkout."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol

from tests.support.patience import PATIENCE

ROOT = Path(__file__).parents[2]
OPTIONS_ONLY = "only the options are tested"
PROJECT_FILES = ("pyproject.toml", "README.md", "LICENSE", "wanlib", "conformance", "spec")
_FENCE = re.compile(r"^```(?P<kind>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"^    (make .*)$", re.MULTILINE)
_PORT = re.compile(r"(127\.0\.0\.1|localhost):\d+")
_IMAGE = re.compile(r"""(?:Path\("|-i |--image )([\w./-]+\.(?:png|jpe?g|webp))""")
SERVED_ADDRESS = "http://127.0.0.1:8686"
"""The address of `wanlib serve`, for which the pages' commands get that of the emulator of a test."""
_INTERRUPTED = 130
_TARGETS = frozenset(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


class Block(NamedTuple):
    """A block of a page. line: of its first line, from 1. comment: the HTML comment right above it."""

    line: int
    kind: str
    text: str
    comment: str


class Command(NamedTuple):
    """A command of a console block and the output that the page shows for it."""

    line: int
    text: str
    output: str


def blocks(text: str) -> Iterator[Block]:
    """Yield the fenced blocks and the indented make commands, in order."""
    result = []
    for match in _FENCE.finditer(text):
        above = text[: match.start()].rstrip("\n").rpartition("\n")[2]
        comment = above[4:-3].strip() if above.startswith("<!--") and above.endswith("-->") else ""
        result.append(Block(_line(text, match.start("text")), match["kind"], match["text"], comment))
    result += [Block(_line(text, match.start()), "make", match[1], "") for match in _INDENTED.finditer(text)]
    yield from sorted(result)


def commands(block: Block) -> list[Command]:
    """Return the commands of a console block: the lines after a `$ `, each with the lines that follow it."""
    made: list[Command] = []
    for number, line in enumerate(block.text.splitlines()):
        if line.startswith("$ "):
            made.append(Command(block.line + number, line[2:], ""))
        elif made and made[-1].text.endswith("\\"):
            made[-1] = made[-1]._replace(text=f"{made[-1].text}\n{line}")
        elif made:
            made[-1] = made[-1]._replace(output=f"{made[-1].output}{line}\n")
        else:
            raise AssertionError(f"line {block.line + number}: output without a command")
    return made


def images(text: str) -> set[str]:
    """Return the names of the image files that the blocks of a page read."""
    return {name for block in blocks(text) for name in _IMAGE.findall(block.text)}


def matches(expected: str, printed: str) -> bool:
    """Return True if the output is as shown, wherever its lines are broken; a `…` matches any text."""
    words = _PORT.sub(r"\1:PORT", expected).split()
    pattern = r"\s+".join(".*".join(re.escape(part) for part in word.split("…")) for word in words)
    return re.fullmatch(rf"\s*{pattern}\s*", _PORT.sub(r"\1:PORT", printed), re.DOTALL) is not None


class Shell(Protocol):
    """Where the blocks of a page run. home: the working directory."""

    home: Path

    def run(self, command: str) -> tuple[int, str]:
        """Run a command and return its exit code and its output."""

    def serve(self, command: str, expected: str) -> tuple[int, str]:
        """Start a server, wait for the output, and stop it; return exit code and output."""

    def installed(self) -> None:
        """React to a command that has installed the package."""


def run_page(shell: Shell, page: str, text: str | None = None) -> None:
    """Run all blocks of a page, and report all failures, each with its line.

    Args:
        shell: Where to run them.
        page: The path of the page in the checkout.
        text: Its text; None reads it.
    """
    problems = []
    for block in blocks((ROOT / page).read_text("utf-8") if text is None else text):
        for step in _steps(shell, page, block):
            try:
                step()
            except AssertionError as error:
                problems.append(str(error))
    assert not problems, "\n\n".join(problems)


def _steps(shell: Shell, page: str, block: Block) -> Iterator[Callable[[], None]]:
    """Yield what has to be run of a block."""
    if block.kind == "console":
        for command in commands(block):
            yield partial(_run_command, shell, page, block, command)
    elif block.kind == "make":
        yield partial(_check_target, page, block.line, block.text)
    elif block.kind == "python":
        yield partial(_run_python, shell, page, block)


def _run_command(shell: Shell, page: str, block: Block, command: Command) -> None:
    place, word = f"{page}:{command.line}", command.text.split()[0]
    if word == "make":
        _check_target(page, command.line, command.text)
        return
    if word == "cat" and command.output:
        (shell.home / command.text.split()[1]).write_text(command.output, "utf-8")
    if block.comment.startswith(OPTIONS_ONLY):
        own, dashes, other = command.text.partition(" #")[0].partition(" -- ")  # of two commands, ours
        code, printed = shell.run(f"{own} --help{dashes}{other}")
        assert code == 0, f"{place}: `{own}` has an option that does not exist:\n{printed}"
        return
    serve = command.text.startswith("wanlib serve")
    code, printed = shell.serve(command.text, command.output) if serve else shell.run(command.text)
    assert matches(command.output, printed), f"{place}: `{command.text}` exits {code} and prints\n{printed}"
    assert code == 0 or (code == 1 and command.output), f"{place}: `{command.text}` exits {code}\n{printed}"
    if word == "pip" and "install" in command.text:
        shell.installed()


def _run_python(shell: Shell, page: str, block: Block) -> None:
    script = shell.home / "snippet.py"
    script.write_text(block.text, "utf-8")
    code, printed = shell.run("python -W error snippet.py")
    assert code == 0, f"{page}:{block.line} exits {code} and prints\n{printed}"


def _check_target(page: str, line: int, text: str) -> None:
    target = text.split()[1]
    assert target in _TARGETS, f"{page}:{line}: the Makefile has no target {target}"


class Session:
    """A shell in a copy of the checkout's sources, with an environment that lasts from block to block.

    Args:
        folder: an empty folder for everything that the commands write.
        url: the address of an emulator, to which the environment leads.
    """

    def __init__(self, folder: Path, url: str) -> None:
        self.home, self._url = folder / "checkout", url
        self.home.mkdir()
        for name in PROJECT_FILES:
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, self.home / name)
        tools = folder / "tools"
        tools.mkdir()
        script = tools / "python3.py"
        script.write_text(_PYTHON.format(libraries=_libraries(folder)))
        # A shebang cannot name a path that contains spaces.
        (tools / "python3").write_text(f'#!/bin/sh\nexec {shlex.join([sys.executable, str(script)])} "$@"\n')
        (tools / "python3").chmod(0o755)
        environment = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
        path = f"{tools}:/usr/bin:/bin"
        # pip neither asks an index nor builds in an isolated environment: what it needs is in `libraries`.
        pip = {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "false", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        base = {"DASHSCOPE_HTTP_BASE_URL": f"{url}/api/v1"}
        self.environment = {**environment, "PATH": path, "COLUMNS": "120", **pip, **base}

    def installed(self) -> None:
        """Keep only what the commands built, so that nothing but the installed wheel can be imported."""
        for name in PROJECT_FILES:
            copied = self.home / name
            shutil.rmtree(copied) if copied.is_dir() else copied.unlink(missing_ok=True)
        code, printed = self.run(
            "python -c 'import wanlib, wan_conformance as c; print(wanlib.__file__, c.__file__)'"
        )
        assert code == 0, printed
        assert all(str(self.home / ".venv") in path for path in printed.split()), printed

    def run(self, command: str) -> tuple[int, str]:
        """Run a command, keep what it exports, and return its exit code and its output."""
        state = self.home.parent / "exports"
        command = command.replace(SERVED_ADDRESS, self._url)
        script = f"{command}\ncode=$?\nenv -0 > {shlex.quote(str(state))}\nexit $code"
        ran = subprocess.run(
            ["bash", "-c", script],
            cwd=self.home,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=PATIENCE,
        )
        exported = (item.partition("=") for item in state.read_text().split("\0") if item)
        self.environment = {name: value for name, _, value in exported if name not in ("_", "SHLVL", "PWD")}
        return ran.returncode, ran.stdout

    def serve(self, command: str, expected: str) -> tuple[int, str]:
        """Start a server on a free port, wait for the output, and stop it as Ctrl-C does.

        Of one in the background, only the options are checked: the emulator of the test takes its place.

        Returns:
            0 if it ends as a server should, else its exit code; and what it printed.
        """
        if command.endswith("&"):
            assert not expected, "what a server in the background prints may come at any time"
            code, printed = self.run(command.removesuffix("&").strip() + " --help")
            return code, "" if code == 0 else printed
        printed, until = "", time.monotonic() + PATIENCE
        with subprocess.Popen(
            ["bash", "-c", f"exec {command} --port 0"],
            cwd=self.home,
            env=self.environment | {"PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            assert process.stdout is not None
            while not matches(expected, printed) and time.monotonic() < until:
                line = process.stdout.readline()
                if not line:
                    break
                printed += line
            process.send_signal(signal.SIGINT)
            process.stdout.read()
            code = process.wait(PATIENCE)
        return (0 if code == _INTERRUPTED else code), printed


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _libraries(folder: Path) -> Path:
    """Make a folder of links to the installed packages, this project excepted."""
    import httpx

    links = folder / "libraries"
    links.mkdir()
    for entry in Path(httpx.__file__).parents[1].iterdir():
        if not re.match(r"_*(editable.*)?wanlib", entry.name) and entry.suffix != ".pth":
            (links / entry.name).symlink_to(entry)
    # ruff is a program, which its package looks for here.
    (links / "bin").mkdir(exist_ok=True)
    (links / "bin" / "ruff").symlink_to(Path(sys.executable).with_name("ruff"))
    return links


# `python3 -m venv` without the copy of pip, which takes seconds to unpack: pip comes from the libraries too.
_PYTHON = """\
import os, sys, subprocess, pathlib
if sys.argv[1:3] != ["-m", "venv"]:
    os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
target = pathlib.Path(sys.argv[3])
subprocess.run([sys.executable, "-m", "venv", "--without-pip", target], check=True)
(site,) = target.glob("lib/python*/site-packages")
(site / "libraries.pth").write_text("{libraries}")
pip = target / "bin" / "pip"
pip.write_text(f'#!/bin/sh\\nexec "{{target.resolve()}}/bin/python" -m pip "$@"\\n')
pip.chmod(0o755)
"""
