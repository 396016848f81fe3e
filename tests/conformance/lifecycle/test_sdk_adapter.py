"""The official SDK in the schedules: its process, and its known violations."""

import sys
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result
from wan_conformance.cli.commands import app
from wan_conformance.engine.known_failures import EntryFileError
from wan_conformance.lifecycle.invariants import (
    EVERY_CALL_ENDS,
    NEVER_PAID_TWICE,
    InvariantViolation,
)
from wan_conformance.lifecycle.schedules.expected_ends import SCHEDULE_INVARIANTS
from wan_conformance.lifecycle.schedules.known import KnownViolation, apply_known, read_known
from wan_conformance.lifecycle.schedules.results import RunResults, ScheduleResult
from wan_conformance.lifecycle.schedules.run import Sdks, run
from wan_conformance.lifecycle.schedules.scenario_runner import scenario_runner
from wan_conformance.lifecycle.schedules.schedules import Schedule, parse_schedule, schedules
from wan_conformance.lifecycle.schedules.transcript import transcript

STAND_IN = Path(__file__).with_name("sdk_stand_in.py")


def stand_in(folder: Path, wrong: str = "nothing") -> Path:
    """A Python whose every script is the stand-in."""
    python = folder / f"python-{wrong}"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I "{STAND_IN}" {wrong}\n')
    python.chmod(0o700)
    return python


def tally(played: Iterable[str], **broken: str) -> RunResults:
    """A run of some schedules. broken: by a schedule, the invariant that it violated."""
    made = RunResults()
    all_of_them = [parse_schedule(name) for name in played]
    made.count(all_of_them)
    for each in all_of_them:
        found = (InvariantViolation(broken[each.scenario], "in a way"),) if each.scenario in broken else ()
        made.add(ScheduleResult(each, "saved", frozenset(), found))
    return made


def known(at: str, promise: str = NEVER_PAID_TWICE) -> KnownViolation:
    return KnownViolation(promise, ("sdk-newest",), (at,), "it is like this")


def test_known_failures_do_not_fail_the_run() -> None:
    checked = apply_known(
        tally(["edit/sdk-newest/create=before"], edit=NEVER_PAID_TWICE), [known("*/create=before")]
    )
    assert not checked.has_failed
    assert checked.known_counts == {known("*/create=before"): 1}


@pytest.mark.parametrize(
    "known",
    [
        known("late/create=before"),
        known("edit/create=before", EVERY_CALL_ENDS),
        KnownViolation(NEVER_PAID_TWICE, ("sdk-pinned",), ("edit/*",), "another"),
    ],
)
def test_an_unknown_failure_fails_the_run(known: KnownViolation) -> None:
    checked = apply_known(tally(["edit/sdk-newest/create=before"], edit=NEVER_PAID_TWICE), [known])
    assert checked.unexpected == [parse_schedule("edit/sdk-newest/create=before")]
    assert checked.has_failed


def test_a_known_failure_that_no_longer_occurs_is_reported() -> None:
    played = tally(["edit/sdk-newest/create=before", "late/sdk-newest"])
    checked = apply_known(played, [known("edit/*"), known("late"), known("edit/*/*"), known("edit/*")])
    assert [text.partition(":")[0] for text in checked.now_passing] == [
        "sdk-newest at edit/*",
        "sdk-newest at late",
        "sdk-newest at edit/*",
    ]
    assert checked.has_failed


def test_known_failures_of_other_clients_do_not_count() -> None:
    assert not apply_known(tally(["edit/sync/create=before"]), [known("edit/*")]).has_failed


def test_the_file_of_known_failures_is_read_strictly(tmp_path: Path) -> None:
    assert {client for each in read_known() for client in each.clients} == {"sdk-pinned", "sdk-newest"}
    whole = (
        f"- {{invariant: {NEVER_PAID_TWICE}, clients: [sdk-newest], at: [edit], reason: a long one indeed}}"
    )
    for text, message in {
        "{}": "holds object",
        "[{invariant: it}]": "entry 1: expected invariant, clients, at and reason",
        whole.replace(NEVER_PAID_TWICE, "it is nice"): "invariant is 'it is nice'",
        whole.replace("sdk-newest", "sync"): "clients is .'sync'.",
        whole.replace("[edit]", "edit"): "at is 'edit'",
        whole.replace("a long one indeed", "so"): "expected a text of at least 10 characters",
        "- {": "can't be read as YAML",
    }.items():
        path = tmp_path / "known.yaml"
        path.write_text(text)
        with pytest.raises(EntryFileError, match=message):
            read_known(path)


@pytest.fixture(autouse=True)
def one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 1)


def invoked(*arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments])


def without_faults(python: Path) -> Result:
    return invoked("lifecycle", "schedules", "--faults", "0", "--sdk", f"pinned={python}")


def test_an_sdk_is_judged_with_our_clients_and_its_known_failures_pass(tmp_path: Path) -> None:
    result = without_faults(stand_in(tmp_path))
    assert result.exit_code == 0, result.output
    heads, rows = result.output.partition("number of violations")[2].split("\n", 1)
    assert "sdk-pinned is dashscope 0" in result.output
    assert heads.split() == ["sync", "async", "sdk-pinned"]
    counts = {
        row[2:].rstrip(" 0123456789"): row.split()[-3:]
        for row in rows.split("\n")[: len(SCHEDULE_INVARIANTS)]
    }
    assert tuple(counts) == SCHEDULE_INVARIANTS
    assert counts.pop(EVERY_CALL_ENDS) == ["0", "0", "1"]
    assert {*map(tuple, counts.values())} == {("0", "0", "0")}
    assert result.output.endswith("9 invariants hold, except for known violations\n")


def test_an_sdk_that_breaks_more_than_is_known_fails_the_run(tmp_path: Path) -> None:
    result = without_faults(stand_in(tmp_path, "forgetful"))
    assert result.exit_code == 1
    assert "VIOLATED lost: the service accepted task" in result.output
    assert "replay it: wan-conformance replay cancel/sdk-pinned" in result.output


def test_an_sdk_that_breaks_less_than_is_known_fails_the_run(tmp_path: Path) -> None:
    result = without_faults(stand_in(tmp_path, "sober"))
    assert result.exit_code == 1
    assert f"NOW PASSING sdk-pinned at stuck: {EVERY_CALL_ENDS}" in result.output


def test_a_schedule_of_an_sdk_is_replayed(tmp_path: Path) -> None:
    python = stand_in(tmp_path)
    result = invoked("replay", "stuck/sdk-pinned", "--sdk", f"pinned={python}")
    assert result.exit_code == 1
    assert "VIOLATED endless: wait did not end after " in result.output
    assert result.output == invoked("replay", "stuck/sdk-pinned", "--sdk", f"pinned={python}").output


@pytest.mark.parametrize("fault", ["inside", "halved"])
def test_a_picture_on_disk_is_looked_at(tmp_path: Path, fault: str) -> None:
    with scenario_runner({"sdk-pinned": stand_in(tmp_path)}) as runner:
        result = runner.run(parse_schedule(f"edit/sdk-pinned/download={fault}"))
    assert [str(violation) for violation in result.violations] == [
        "untrue: save ended with saved, with 0 pictures, 1 were made"
    ]


def test_an_answer_that_trickles_takes_an_sdk_its_time(tmp_path: Path) -> None:
    with scenario_runner({"sdk-pinned": stand_in(tmp_path)}) as runner:
        result = runner.run(parse_schedule("edit/sdk-pinned/download=trickle"))
    assert result.calls[-1].ended > 60
    assert not result.violations


def test_a_missing_sdk_is_reported(tmp_path: Path) -> None:
    for arguments, message in {
        (): "--sdk pinned=PYTHON",
        ("--sdk", "oldest=python"): "allowed: NAME=PYTHON with a NAME of pinned, newest",
        ("--sdk", f"pinned={tmp_path}/none"): "No such file",
        ("--sdk", f"pinned={stand_in(tmp_path, 'mute')}"): "exit 1, there is no module named dashscope",
    }.items():
        result = invoked("replay", "edit/sdk-pinned", *arguments)
        assert result.exit_code == 2
        assert message in result.output


@pytest.mark.skipif(
    not find_spec("dashscope"), reason="needs dashscope, which `make lifecycle` has beside it"
)
def test_the_installed_sdk_runs_the_schedules() -> None:
    sdks: Sdks = {"sdk-newest": Path(sys.executable)}
    results = run(schedules(0, clients=["sdk-newest"]), sdks=sdks)
    assert {str(violation) for violation in results.violations} <= {"stale/sdk-newest", "stuck/sdk-newest"}
    with scenario_runner(sdks) as runner:
        result = runner.run(Schedule("edit", "sdk-newest", (("create", "halved"),)))
    assert "untyped (ChunkedEncodingError)" in transcript(result)
