"""Every block of README.md and examples/README.md runs, in a fresh environment with the built wheel."""

import re
import shutil
import socket
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
import yaml

from tests.setup.readme import OPTIONS_ONLY, ROOT, Block, Command, Session, blocks, commands, images, matches
from tests.support.image_files import picture
from wanlib.emulator import Emulator, RealClock
from wanlib.emulator.server.serve import run_in_thread

README = (ROOT / "README.md").read_text("utf-8")
EXAMPLES = ROOT / "examples"
WORKFLOW = Path("gateway/.github/workflows/conformance.yml")
MODEL_FILE = Path("wan2.6-t2i/wan2.6-t2i.yaml")
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """A shell whose environment leads to the emulator."""
    with run_in_thread(Emulator(clock=RealClock())) as url:
        yield Session(tmp_path, {"DASHSCOPE_HTTP_BASE_URL": f"{url}/api/v1"})


def test_every_block_runs(session: Session) -> None:
    """The page of examples comes after the README, which installs the wheel, with one model file alone."""
    for name in images(README):
        (session.home / name).write_bytes(picture("png" if name.endswith(".png") else "jpeg"))
    _run_page(session, "README.md")
    (session.home / MODEL_FILE).parent.mkdir()
    shutil.copy(EXAMPLES / MODEL_FILE, session.home / MODEL_FILE)
    _run_page(session, "examples/README.md")
    _run_workflow(session)


def _run_workflow(session: Session) -> None:
    """Run each command of the workflow of the gateway, on free ports; the wheel is installed already."""
    workflow = yaml.safe_load((EXAMPLES / WORKFLOW).read_text("utf-8"))["jobs"]["conformance"]
    shutil.copy(EXAMPLES / "gateway" / "gateway.py", session.home)
    ports = {port: str(_free_port()) for port in ("8686", "8700")}
    install, start, judge = (step["run"] for step in workflow["steps"] if "run" in step)
    assert re.fullmatch(r"pip install \"wanlib\[[a-z,]+\]\"", install), install
    try:
        for command in (start, judge):
            text = f"export UPSTREAM={workflow['env']['UPSTREAM']}\nset -e\n{command}\njobs -p >> servers"
            for port, free in ports.items():
                text = text.replace(port, free)
            code, printed = session.run(text)
            assert code == 0, f"{WORKFLOW}: `{command}` exits {code} and prints\n{printed}"
        assert "conforms" in printed and (session.home / "conformance" / "report.md").exists()
    finally:
        session.run("kill $(cat servers)")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        return int(bound.getsockname()[1])


def _run_page(session: Session, page: str) -> None:
    problems = []
    for block in blocks((ROOT / page).read_text("utf-8")):
        for step in _steps(session, page, block):
            try:
                step()
            except AssertionError as error:  # all of them are reported, each with its line
                problems.append(str(error))
    assert not problems, "\n\n".join(problems)


def _steps(session: Session, page: str, block: Block) -> Iterator[Callable[[], None]]:
    """Yield what has to be run of a block."""
    if block.kind == "console":
        for command in commands(block):
            yield partial(_run, session, page, block, command)
    elif block.kind == "make":
        yield partial(_check_target, page, block.line, block.text)
    elif block.kind == "python":
        yield partial(_run_python, session, page, block)


def _run(session: Session, page: str, block: Block, command: Command) -> None:
    place, word = f"{page}:{command.line}", command.text.split()[0]
    if word == "make":
        _check_target(page, command.line, command.text)
        return
    if word == "cat" and command.output:
        (session.home / command.text.split()[1]).write_text(command.output, "utf-8")
    if block.comment.startswith(OPTIONS_ONLY):
        own, dashes, other = command.text.partition(" #")[0].partition(" -- ")  # of two commands, ours
        code, printed = session.run(f"{own} --help{dashes}{other}")
        assert code == 0, f"{place}: `{own}` has an option that does not exist:\n{printed}"
        return
    serve = command.text.startswith("wanlib serve")
    code, printed = session.serve(command.text, command.output) if serve else session.run(command.text)
    assert matches(command.output, printed), f"{place}: `{command.text}` exits {code} and prints\n{printed}"
    assert code == 0 or (code == 1 and command.output), f"{place}: `{command.text}` exits {code}"
    if word == "pip" and "install" in command.text:
        session.leave_the_checkout()
        _check_the_wheel_is_used(session)


def _run_python(session: Session, page: str, block: Block) -> None:
    script = session.home / "snippet.py"
    script.write_text(block.text, "utf-8")
    code, printed = session.run("python -W error snippet.py")
    assert code == 0, f"{page}:{block.line} exits {code} and prints\n{printed}"


def _check_the_wheel_is_used(session: Session) -> None:
    code, printed = session.run(
        "python -c 'import wanlib, wan_conformance as c; print(wanlib.__file__, c.__file__)'"
    )
    assert code == 0
    assert all(str(session.home / ".venv") in path for path in printed.split()), printed


def _check_target(page: str, line: int, text: str) -> None:
    target = text.split()[1]
    assert target in TARGETS, f"{page}:{line}: the Makefile has no target {target}"


EXAMPLE = """\
    make tea   # text

<!-- a comment -->
```console
$ tea \\
  --hot
a cup
…
the …, empty
$ tea --cold
```
"""


def test_blocks_are_read_with_their_lines_and_comments() -> None:
    make, console = blocks(EXAMPLE)
    assert make == Block(1, "make", "make tea   # text", "")
    assert (console.line, console.comment) == (5, "a comment")
    hot, cold = commands(console)
    assert (hot.line, hot.text) == (5, "tea \\\n  --hot")
    assert (cold.line, cold.output) == (10, "")
    assert matches(hot.output, "a cup\nmore\nthe pot,\n  empty\n")
    assert not matches(hot.output, "a cup\nmore\nthe pot, full\n")
    assert not matches(cold.output, "anything\n")


def test_the_readme_has_blocks_of_each_kind() -> None:
    """A change of form that hides blocks from the test above is seen here."""
    kinds = [block.kind for block in blocks(README)]
    assert kinds.count("console") >= 5 and kinds.count("python") >= 4 and kinds.count("make") >= 5
    fences, indented = (len(re.findall(rf"^{mark}", README, re.MULTILINE)) for mark in ("```", "    make "))
    assert len(kinds) == fences / 2 + indented
    assert images(README) >= {"clock.png", "vase.png"}
