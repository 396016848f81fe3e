"""Other clients in the stories: the official SDK's process, and what is known of it."""

import sys
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result
from wan_conformance.cli.commands import app
from wan_conformance.engine.known_failures import KnownFailuresError
from wan_conformance.lifecycle.schedules.invariants import PROMISES, InvariantViolation
from wan_conformance.lifecycle.schedules.known import KnownViolation, apply_known, read_known
from wan_conformance.lifecycle.schedules.results import RunResults, ScheduleResult
from wan_conformance.lifecycle.schedules.run import Sdks, run
from wan_conformance.lifecycle.schedules.scenario_runner import scenario_runner
from wan_conformance.lifecycle.schedules.schedules import Schedule, read_schedule, schedules
from wan_conformance.lifecycle.schedules.transcript import trace

STAND_IN = Path(__file__).with_name("sdk_stand_in.py")
PAID, ENDS = PROMISES[0], PROMISES[3]


def stand_in(folder: Path, wrong: str = "nothing") -> Path:
    """A Python whose every script is the stand-in."""
    python = folder / f"python-{wrong}"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I "{STAND_IN}" {wrong}\n')
    python.chmod(0o700)
    return python


def tally(played: Iterable[str], **broken: str) -> RunResults:
    """A run of some schedules. broken: by a story, the promise that it broke."""
    made = RunResults()
    all_of_them = [read_schedule(name) for name in played]
    made.count(all_of_them)
    for each in all_of_them:
        found = (InvariantViolation(broken[each.story], "in a way"),) if each.story in broken else ()
        made.add(ScheduleResult(each, "saved", frozenset(), found))
    return made


def known(at: str, promise: str = PAID) -> KnownViolation:
    return KnownViolation(promise, ("sdk-newest",), (at,), "it is like this")


def test_what_is_known_turns_nothing_red() -> None:
    held = apply_known(tally(["edit/sdk-newest/create=before"], edit=PAID), [known("*/create=before")])
    assert not held.has_failed
    assert held.met == {known("*/create=before"): 1}


@pytest.mark.parametrize(
    "known",
    [
        known("late/create=before"),
        known("edit/create=before", ENDS),
        KnownViolation(PAID, ("sdk-pinned",), ("edit/*",), "another"),
    ],
)
def test_what_is_not_known_turns_the_run_red(known: KnownViolation) -> None:
    held = apply_known(tally(["edit/sdk-newest/create=before"], edit=PAID), [known])
    assert held.strange == [read_schedule("edit/sdk-newest/create=before")]
    assert held.has_failed


def test_a_known_failure_that_is_not_met_any_more_is_news() -> None:
    played = tally(["edit/sdk-newest/create=before", "late/sdk-newest"])
    held = apply_known(played, [known("edit/*"), known("late"), known("edit/*/*"), known("edit/*")])
    assert [each.partition(":")[0] for each in held.news] == [
        "sdk-newest keeps, at edit/*",
        "sdk-newest keeps, at late",
        "sdk-newest keeps, at edit/*",
    ]
    assert held.has_failed


def test_nothing_is_news_of_a_client_that_was_not_played() -> None:
    assert not apply_known(tally(["edit/sync/create=before"]), [known("edit/*")]).has_failed


def test_the_file_of_known_failures_is_read_strictly(tmp_path: Path) -> None:
    assert {client for each in read_known() for client in each.clients} == {"sdk-pinned", "sdk-newest"}
    whole = f"- {{promise: {PAID}, clients: [sdk-newest], at: [edit], reason: a long one indeed}}"
    for text, met in {
        "{}": "holds dict",
        "[{promise: it}]": "entry 1: expected promise, clients, at and reason",
        whole.replace(PAID, "it is nice"): "promise is 'it is nice'",
        whole.replace("sdk-newest", "sync"): "clients is .'sync'.",
        whole.replace("[edit]", "edit"): "at is 'edit'",
        whole.replace("a long one indeed", "so"): "expected a text of at least 10 characters",
        "- {": "can't be read as YAML",
    }.items():
        path = tmp_path / "known.yaml"
        path.write_text(text)
        with pytest.raises(KnownFailuresError, match=met):
            read_known(path)


@pytest.fixture(autouse=True)
def one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 1)


def invoked(*arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments])


def without_faults(python: Path) -> Result:
    return invoked("lifecycle", "schedules", "--faults", "0", "--sdk", f"pinned={python}")


def test_an_sdk_is_judged_beside_our_clients_and_what_is_known_of_it_is_let_pass(tmp_path: Path) -> None:
    told = without_faults(stand_in(tmp_path))
    assert told.exit_code == 0, told.output
    heads, rows = told.output.partition("how many broke a promise")[2].split("\n", 1)
    assert "sdk-pinned is dashscope 0" in told.output
    assert heads.split() == ["sync", "async", "sdk-pinned"]
    counts = {row[2:].rstrip(" 0123456789"): row.split()[-3:] for row in rows.split("\n")[: len(PROMISES)]}
    assert tuple(counts) == PROMISES
    assert counts.pop(ENDS) == ["0", "0", "1"]
    assert counts.pop("no link is followed after its death") == ["0", "0", "1"]
    assert {*map(tuple, counts.values())} == {("0", "0", "0")}
    assert told.output.endswith("8 promises held, but for what is known\n")


def test_an_sdk_that_breaks_more_than_is_known_fails_the_run(tmp_path: Path) -> None:
    told = without_faults(stand_in(tmp_path, "forgetful"))
    assert told.exit_code == 1
    assert "BROKEN lost: the service accepted task" in told.output
    assert "again: wan-conformance replay cancel/sdk-pinned" in told.output


def test_an_sdk_that_breaks_less_than_is_known_fails_the_run(tmp_path: Path) -> None:
    told = without_faults(stand_in(tmp_path, "sober"))
    assert told.exit_code == 1
    assert f"NEWS sdk-pinned keeps, at stuck: {ENDS}" in told.output


def test_a_story_of_an_sdk_is_played_again(tmp_path: Path) -> None:
    python = stand_in(tmp_path)
    told = invoked("replay", "stuck/sdk-pinned", "--sdk", f"pinned={python}")
    assert told.exit_code == 1
    assert "BROKEN endless: after 100 exchanges there was no end" in told.output
    assert told.output == invoked("replay", "stuck/sdk-pinned", "--sdk", f"pinned={python}").output


@pytest.mark.parametrize("fault", ["inside", "halved"])
def test_a_picture_on_disk_is_looked_at(tmp_path: Path, fault: str) -> None:
    with scenario_runner({"sdk-pinned": stand_in(tmp_path)}) as stage:
        played = stage.play(read_schedule(f"edit/sdk-pinned/download={fault}"))
    assert [str(each) for each in played.broken] == [
        "untrue: save came to saved, with 0 pictures, 1 were made"
    ]


def test_an_answer_that_trickles_takes_an_sdk_its_time(tmp_path: Path) -> None:
    with scenario_runner({"sdk-pinned": stand_in(tmp_path)}) as stage:
        played = stage.play(read_schedule("edit/sdk-pinned/download=trickle"))
    assert played.done[-1].ended > 60
    assert not played.broken


def test_an_sdk_that_is_not_there_is_said(tmp_path: Path) -> None:
    for arguments, met in {
        (): "--sdk pinned=PYTHON",
        ("--sdk", "oldest=python"): "allowed: NAME=PYTHON with a NAME of pinned, newest",
        ("--sdk", f"pinned={tmp_path}/none"): "No such file",
        ("--sdk", f"pinned={stand_in(tmp_path, 'mute')}"): "exit 1, there is no module named dashscope",
    }.items():
        told = invoked("replay", "edit/sdk-pinned", *arguments)
        assert told.exit_code == 2
        assert met in told.output


@pytest.mark.skipif(
    not find_spec("dashscope"), reason="needs dashscope, which `make lifecycle` has beside it"
)
def test_the_sdk_itself_is_played() -> None:
    sdks: Sdks = {"sdk-newest": Path(sys.executable)}
    found = run(schedules(0, clients=["sdk-newest"]), workers=1, sdks=sdks)
    assert {str(each) for each in found.broken} <= {"stale/sdk-newest", "stuck/sdk-newest"}
    with scenario_runner(sdks) as stage:
        played = stage.play(Schedule("edit", "sdk-newest", (("create", "halved"),)))
    assert "untyped (ChunkedEncodingError)" in trace(played)
