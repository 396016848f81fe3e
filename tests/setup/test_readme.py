"""Every block of README.md and examples/README.md runs, in a fresh environment with the built wheel."""

import json
import re
import secrets
import shutil
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import yaml

from tests.setup.readme import ROOT, Block, Session, blocks, commands, images, matches, run_page
from tests.support.image_files import picture
from wanlib.emulator import Emulator, RealClock
from wanlib.emulator.server.serve import run_in_thread

README = (ROOT / "README.md").read_text("utf-8")
EXAMPLES = ROOT / "examples"
WORKFLOW = Path("gateway/.github/workflows/conformance.yml")
MODEL_FILE = Path("wan2.6-t2i/wan2.6-t2i.yaml")


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """A shell whose environment variables point to the emulator."""
    with run_in_thread(Emulator(clock=RealClock())) as url:
        yield Session(tmp_path, url)


@pytest.mark.long
def test_every_block_runs(session: Session) -> None:
    """The page of examples comes after the README, which installs the wheel, with one model file alone."""
    for name in images(README):
        (session.home / name).write_bytes(picture("png" if name.endswith(".png") else "jpeg"))
    run_page(session, "README.md")
    (session.home / MODEL_FILE).parent.mkdir()
    shutil.copy(EXAMPLES / MODEL_FILE, session.home / MODEL_FILE)
    run_page(session, "examples/README.md")
    _run_workflow(session)


def _run_workflow(session: Session) -> None:
    """Run each command of the workflow of the gateway, on free ports; the wheel is installed already."""
    workflow = yaml.safe_load((EXAMPLES / WORKFLOW).read_text("utf-8"))["jobs"]["conformance"]
    shutil.copy(EXAMPLES / "gateway" / "gateway.py", session.home)
    ports = {port: str(_free_port()) for port in ("8686", "8700")}
    install, start, judge = (step["run"] for step in workflow["steps"] if "run" in step)
    assert re.fullmatch(r'pip install "wanlib\[[a-z,]+\] @ git\+\S+"', install), install
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
    """Return a free port below those that systems give out, so that nothing takes it before it is used."""
    while True:
        port = 10_000 + secrets.randbelow(20_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


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


def test_the_readme_shows_the_accepted_run() -> None:
    """Its table and totals are those of the baseline, and its limit is the line of the spec."""
    with (ROOT / "reports" / "baseline.ndjson").open(encoding="utf-8") as lines:
        run, *verdicts = map(json.loads, lines)
    counts = Counter(line["verdict"] for line in verdicts)
    cases = len({line["case"] for line in verdicts})
    totals = f"{len(run['run']['rules'])} rules, {cases:,} cases: "
    assert totals + ", ".join(f"{count:,} {word}" for word, count in sorted(counts.items())) in README
    passed = Counter((line["rule"], line["target"]) for line in verdicts if line["verdict"] == "pass")
    columns = ("generated", "interpreted", "json_schema", "client", "client_async", "http")
    rows = re.findall(r"^(wan[\w.]+/\S+) .*?((?: +(?:\d+|-)){6})$", README, re.MULTILINE)
    assert len(rows) == 5
    for rule, numbers in rows:
        shown = [0 if number == "-" else int(number) for number in numbers.split()]
        assert shown == [passed[rule, column] for column in columns], rule
    (shown,) = (yaml.safe_load(block.text) for block in blocks(README) if block.kind == "yaml")
    field = yaml.safe_load((ROOT / "spec" / "wan2.7.yaml").read_text("utf-8"))["fields"]["n"]
    for word, value in shown["n"].items():
        stated = field[word]
        assert value == (stated.get("is", stated) if isinstance(stated, dict) else stated), word
