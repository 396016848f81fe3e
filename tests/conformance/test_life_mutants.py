"""The life of a task as a table under test: a sample of its mutants, the proofs, each check weakened once.

`make lifecycle` tries all of them.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from wan_conformance.lifecycle.mutation import client_checks as watch
from wan_conformance.lifecycle.mutation import equivalence as proofs
from wan_conformance.lifecycle.mutation import equivalence as reads
from wan_conformance.lifecycle.mutation import run as harness
from wan_conformance.lifecycle.mutation import service_checks as lives
from wan_conformance.lifecycle.mutation import service_checks as served
from wan_conformance.lifecycle.mutation.client_checks import client_with_mutant
from wan_conformance.lifecycle.mutation.equivalence import (
    SAME,
    UNPACED,
    UNTOLD,
    equivalence_reason,
    files_reading,
    invalid_assumptions,
)
from wan_conformance.lifecycle.mutation.mutants import Mutant, mutants
from wan_conformance.lifecycle.mutation.run import SIDES, Finding, run, run_mutants
from wan_conformance.lifecycle.simulation.task_model import TaskModel

from wanlib import AsyncWan, Wan
from wanlib.client.tasks import poller as follow
from wanlib.emit.output import generate_files
from wanlib.emulator import Emulator, Response
from wanlib.emulator.jobs.lifecycle import lifecycle_from_spec
from wanlib.spec import load

SPEC = load()
STATES = tuple(SPEC.task["states"])
ALL = {each.name: each for each in mutants(SPEC)}


WITNESSED = {
    (
        "task/RUNNING.next=-FAILED",
        "service",
    ): "6 s after the submission: a query tells RUNNING, due was",
    (
        "task/expires=-1 s",
        "service",
    ): "86,399 s after the submission: UNKNOWN was told, but the",
    ("task/expires=+1 s", "client"): "0 s before the term UNKNOWN is explained by",
    ("task/UNKNOWN.next=+UNKNOWN", "client"): "story expired/sync: ",
    ("task/links_expire=+1 s", "client"): "too late, 1 links are followed, due were 0",
    (
        "wire/polling.gap=+1 s",
        "client",
    ): "polls after 1, 3, 7, 15, 26, 37, 48, 59 s, due were 1, 3",
    ("wire/account_rates.query=+1", "service"): "query 21 of a second is let pass",
    ("client/growth=3", "client"): "polls after 1, 4, 13 s, due were 1, 3, 7 s",
}
"""What the witness of a mutant says on a side."""


def sample() -> list[Mutant]:
    """One of each kind, whatever the states, the calls and the steps; and those that stand in WITNESSED."""
    words = re.compile("|".join([*STATES, r"query|list\b|cancel\b", r"[+-]1\b"]))
    kinds = {words.sub("*", name): name for name in ALL}
    return [ALL[name] for name in dict.fromkeys([*kinds.values(), *(name for name, _ in WITNESSED)])]


@pytest.fixture(scope="module")
def findings() -> list[Finding]:
    return [*run_mutants(SPEC, sample())]


def test_every_single_mutant_is_made() -> None:
    size, steps = len(STATES), [len(each.get("next", ())) for each in SPEC.task["states"].values()]
    redirected = sum(count * (size - count) for count in steps)
    toggled = size * size + size + size  # of a state's steps, its end, and whether it can be canceled
    words = 4 * (size - 1) + (size - 1) + (size - 1) + size  # outcomes, initial, partial, unlisted
    terms = 2 * 2 + 2 + (size - 1)
    polls = 2 * 2 + 3 * 2 + 2 + 2  # two gaps, three rates, first gap, growth
    assert len(ALL) == redirected + toggled + words + terms + polls == 125
    assert len({str((each.spec.task, each.spec.wire, each.code)) for each in ALL.values()}) == len(ALL)
    for name, each in ALL.items():
        changed = each.spec.task is not SPEC.task, each.spec.wire is not SPEC.wire, each.code is not None
        assert changed == tuple(name.startswith(file) for file in ("task/", "wire/", "client/"))


def test_a_sample_is_killed_or_proved_equivalent(findings: list[Finding]) -> None:
    assert len(sample()) > 20
    assert {each.side for each in findings} == set(SIDES)
    assert [each for each in findings if each.verdict not in ("killed", "equivalent") or not each.by] == []


@pytest.mark.parametrize(("name", "side"), WITNESSED)
def test_a_witness_says_what_it_saw(name: str, side: str, findings: list[Finding]) -> None:
    found = {(each.name, each.side): each for each in findings}[name, side]
    assert found.verdict == "killed" and found.by.startswith(WITNESSED[name, side])


def proved(side: str) -> dict[str, set[str]]:
    """The names of equivalent mutants by their proofs."""
    found: dict[str, set[str]] = {}
    for each in ALL.values():
        if each.code is None and (why := equivalence_reason(SPEC, each, side)):
            found.setdefault(why, set()).add(each.name)
    return found


def test_the_equivalent_mutants_of_the_service_are_these() -> None:
    ends = [name for name in STATES if SPEC.task["states"][name].get("terminal")]
    assert proved("service") == {
        SAME: {f"task/{state}.next=+{state}" for state in STATES}
        | {f"task/{state}.terminal=false" for state in ends},
        UNPACED: {f"wire/polling.{gap}={step} s" for gap in ("gap", "least_gap") for step in ("+1", "-1")},
    }


def test_the_equivalent_mutants_of_the_client_are_these() -> None:
    """A step between two states, where no end is made or lost, and what the client has no word for."""
    untold = {name for name in ALL if re.match(r"task/(PENDING|RUNNING)\.next|task/(partial|unlisted)", name)}
    untold |= {name for name in ALL if ".into=" in name or ".of=" in name}
    untold |= {name for name in ALL if re.match("task/(initial|cancelable)|wire/polling.least_gap", name)}
    assert proved("client") == {UNTOLD: untold}


def test_what_the_proofs_stand_on() -> None:
    assert [*invalid_assumptions()] == []
    assert files_reading("emulator", "account_rates") == {"quotas.py"}


def test_a_ground_that_no_longer_holds_fails_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reads, "GROUNDS", (("emulator", "polling", frozenset({"quotas.py"})),))
    told = outcome(monkeypatch, [])
    assert told[0] == 1
    assert "NO PROOF HOLDS: polling is read in no file of the emulator, due was quotas.py" in told[1]


@pytest.mark.parametrize("name", ["task/RUNNING.next=+PENDING", "task/expires.of=end", "task/partial=FAILED"])
def test_what_the_client_is_not_told_changes_no_file(name: str) -> None:
    assert generate_files(SPEC) == generate_files(ALL[name].spec)


def test_every_road_of_a_mutant_is_taken_by_some_task() -> None:
    for each in ALL.values():
        life = lifecycle_from_spec(each.spec.task)
        assert max(map(len, (life.success_paths, life.failure_paths))) <= lives.SEEDS, each.name


def outcome(monkeypatch: pytest.MonkeyPatch, tried: list[Mutant]) -> tuple[int, str]:
    """The exit and the words of a run on some mutants."""
    monkeypatch.setattr(harness, "mutants", lambda _: iter(tried))
    lines: list[str] = []
    return run(lines.append), "\n".join(lines)


def test_a_run_is_told_in_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    names = (
        "task/SUCCEEDED.terminal=false",
        "task/partial=FAILED",
        "wire/polling.gap=-1 s",
        "client/growth=1",
    )
    code, told = outcome(monkeypatch, [ALL[name] for name in names])
    assert (code, told.split("\n")) == (
        0,
        [
            f"1 equivalent on the service: {SAME}",
            "    task/SUCCEEDED.terminal=false",
            f"1 equivalent on the client: {UNTOLD}",
            "    task/partial=FAILED",
            f"1 equivalent on the service: {UNPACED}",
            "    wire/polling.gap=-1 s",
            "4 mutants of the life of a task",
            "service: 1 killed, 2 equivalent, 0 survived",
            "client: 3 killed (1 by a story), 1 equivalent, 0 survived",
        ],
    )


def test_a_survivor_fails_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(harness, "wrong", nothing)
    code, told = outcome(monkeypatch, [ALL["task/partial=FAILED"]])
    assert code == 1 and "SURVIVED task/partial=FAILED on the service\n" in told


def test_a_mutant_that_is_killed_although_it_is_proved_equivalent_is_news(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(proofs, "read_life", lambda _: "any")
    code, told = outcome(monkeypatch, [ALL["task/partial=FAILED"]])
    assert code == 1
    assert "NEWS task/partial=FAILED on the service: 6 s after the submission: a query tells FAILED" in told


def test_a_true_table_that_is_turned_down_is_news(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lives.Task, "due", lambda *_: "PENDING")
    monkeypatch.setattr(watch, "LOOKS", (1.0, 2.0, 3.0))
    code, told = outcome(monkeypatch, [])
    assert code == 1
    assert "NEWS the true table on the service: 1 s after the submission: a query tells CANCELED, due" in told
    assert "NEWS the true table on the client: polls after 1, 3, 7 s, due were 1, 2, 3 s" in told


def test_a_service_that_breaks_down_is_no_mutant_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Emulator, "handle", lambda *_: Response(500, (), (b"ruin",)))
    with pytest.raises(RuntimeError, match="HTTP 500, 200 was due: b'ruin'"):
        next(served.service_problems(SPEC, SPEC))


def nothing(*_: Any) -> Iterator[str]:
    """A check that sees nothing."""
    return iter(())


def undue(told: Callable[..., Iterator[str]]) -> Callable[..., Iterator[str]]:
    """A check of a query that does not know when what is due."""
    return lambda *given: (words for words in told(*given) if "a query tells" not in words)


SEEING = served.TaskSample._check_at
WEAKENED: dict[str, tuple[list[tuple[Any, str, Any]], list[str]]] = {
    "what is due": (
        [(served.TaskSample, "_looked_at", undue(SEEING)), (served.TaskSample, "_listed", nothing)],
        ["task/PENDING.next=+SUCCEEDED", "task/RUNNING.next=-FAILED", "task/RUNNING.terminal=true"],
    ),
    "what a cancel may say": ([(TaskModel, "answered", lambda *_: "")], ["task/cancelable=+CANCELED"]),
    "a status of no page": ([(served.TaskSample, "_of_a_stranger", nothing)], ["task/unlisted=PENDING"]),
    "the links": (
        [(served.TaskSample, "_linked", nothing)],
        ["task/links_expire=+1 s", "task/links_expire=-1 s", "task/links_expire.of=submission"],
    ),
    "the rates": ([(served, "_wrong_rate", nothing)], ["wire/account_rates.cancel=+1"]),
    "the seeds": ([(lives, "SEEDS", 1)], ["task/RUNNING.next=+PENDING", "task/PENDING.next=+UNKNOWN"]),
    "the edges of the day": (
        [(served, "MOMENTS", (0.0, 1.0, 3.0, 8.0, 90_000.0))],
        ["task/expires=+1 s", "task/expires=-1 s", "task/expires.of=end", "task/UNKNOWN.next=+PENDING"],
    ),
}


@pytest.mark.parametrize("check", WEAKENED)
def test_a_weakened_check_of_a_service_lets_mutants_live(check: str, monkeypatch: pytest.MonkeyPatch) -> None:
    changes, names = WEAKENED[check]
    for change in changes:
        monkeypatch.setattr(*change)
    assert {name: [*served.service_problems(SPEC, ALL[name].spec)] for name in names} == {
        name: [] for name in names
    }


@pytest.mark.parametrize(
    ("check", "name"),
    [
        (watch._fails, "task/outcomes.failed=PENDING"),
        (watch._canceled, "task/CANCELED.next=+RUNNING"),
        (watch._forgotten, "task/expires=+1 s"),
        (watch._saved, "task/links_expire=+1 s"),
        (watch._check_rate, "wire/account_rates.list=-1"),
    ],
)
def test_a_scene_that_is_not_played_lets_mutants_live(
    check: Any, name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(watch, "_WATCHES", tuple(each for each in watch._WATCHES if each[2] is not check))
    with client_with_mutant(ALL[name]):
        assert [*watch.client_problems(SPEC, tmp_path)] == []


def test_a_client_lives_by_a_mutant_for_a_while_only() -> None:
    before = Wan._api, AsyncWan._api, follow.FIRST_POLL
    with client_with_mutant(ALL["client/first_gap=+1 s"]):
        assert follow.FIRST_POLL == 2.0
    with client_with_mutant(ALL["wire/polling.gap=+1 s"]):
        assert Wan._api.gap == AsyncWan._api.gap == 11.0
    assert (Wan._api, AsyncWan._api, follow.FIRST_POLL) == before
