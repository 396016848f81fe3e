"""Mutation tests of the state table: a sample, the list of equivalent mutants, each check weakened once.

`make lifecycle` runs all mutants.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from wan_conformance.engine.known_failures import EntryFileError
from wan_conformance.lifecycle.mutation import client_checks
from wan_conformance.lifecycle.mutation import service_checks as service_checks
from wan_conformance.lifecycle.mutation.client_checks import client_with_mutant
from wan_conformance.lifecycle.mutation.equivalence import SIDES, EquivalentMutants, read_equivalent_mutants
from wan_conformance.lifecycle.mutation.mutants import Mutant, mutants
from wan_conformance.lifecycle.mutation.run import TableMutantResult, run, run_mutants
from wan_conformance.lifecycle.simulation.task_model import TaskModel

from tests.conformance.lifecycle.fault_points import (
    CLIENT_CHECKS,
    EXPECTED_STATUS,
    HANDLE_REQUEST,
    MUTANTS,
    READ_EQUIVALENT,
    SERVICE_PROBLEMS,
)
from wanlib import AsyncWan, Wan
from wanlib.client.tasks import poller
from wanlib.emit.output import generate_files
from wanlib.emulator import Response
from wanlib.emulator.jobs.lifecycle import lifecycle_from_spec
from wanlib.spec import load

SPEC = load()
STATES = tuple(SPEC.task["states"])
ALL = {mutant.name: mutant for mutant in mutants(SPEC)}
EQUIVALENT = read_equivalent_mutants(ALL)


DETECTED = {
    (
        "task/RUNNING.next=-FAILED",
        "service",
    ): "6 s after the submission: a query reports RUNNING, expected",
    (
        "task/expires=-1 s",
        "service",
    ): "86,399 s after the submission: UNKNOWN was reported, but the",
    ("task/expires=+1 s", "client"): "0 s before its expiry UNKNOWN is explained by",
    ("task/UNKNOWN.next=+UNKNOWN", "client"): "scenario expired/sync: ",
    ("task/links_expire=+1 s", "client"): "the links are said to expire 1 s after a day",
    (
        "wire/polling.max_interval=+1 s",
        "client",
    ): "polls after 1, 3, 7, 15, 26, 37, 48, 59 s, expected 1, 3",
    ("wire/account_rates.query=+1", "service"): "query 21 of a second is accepted",
    ("client/growth=3", "client"): "polls after 1, 4, 13 s, expected 1, 3, 7 s",
}
"""The message of the check that kills a mutant, by mutant and side."""


def sample() -> list[Mutant]:
    """One of each kind, whatever the states, the calls and the steps; and those in DETECTED."""
    words = re.compile("|".join([*STATES, r"query|list\b|cancel\b", r"[+-]1\b"]))
    kinds = {words.sub("*", name): name for name in ALL}
    return [ALL[name] for name in dict.fromkeys([*kinds.values(), *(name for name, _ in DETECTED)])]


@pytest.fixture(scope="module")
def findings() -> list[TableMutantResult]:
    return [*run_mutants(SPEC, sample(), EQUIVALENT)]


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


def test_a_sample_is_killed_or_listed_as_equivalent(findings: list[TableMutantResult]) -> None:
    assert len(sample()) > 20
    assert {each.side for each in findings} == set(SIDES)
    assert [
        each for each in findings if each.verdict not in ("killed", "equivalent") or not each.reason
    ] == []


@pytest.mark.parametrize(("name", "side"), DETECTED)
def test_a_check_reports_its_findings(name: str, side: str, findings: list[TableMutantResult]) -> None:
    found = {(each.name, each.side): each for each in findings}[name, side]
    assert found.verdict == "killed" and found.reason.startswith(DETECTED[name, side])


def test_each_equivalent_mutant_is_listed_with_a_reason() -> None:
    sides = [side for _, side in EQUIVALENT]
    assert (sides.count("service"), sides.count("client")) == (14, 59)
    assert all(len(reason) > 40 for reason in EQUIVALENT.values())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "holds object"),
        ("[{side: client}]", "entry 1: expected the members mutants, reason, side"),
        ("[{side: both, reason: it is like this, mutants: [client/growth=1]}]", "side is 'both'"),
        ("[{side: client, reason: so, mutants: [client/growth=1]}]", "reason"),
        ("[{side: client, reason: it is like this, mutants: []}]", "expected a list of names"),
        ("[{side: client, reason: it is like this, mutants: [client/none]}]", "does not exist"),
        ("[{side: client, reason: it is like this, mutants: [client/growth=1, client/growth=1]}]", "twice"),
    ],
)
def test_the_list_of_equivalent_mutants_is_read_strictly(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "equivalent.yaml"
    path.write_text(text)
    with pytest.raises(EntryFileError, match=message):
        read_equivalent_mutants(ALL, path)


def test_equivalent_mutants_of_the_state_table_leave_the_lifecycle_unchanged() -> None:
    for name, side in EQUIVALENT:
        if side == "service" and name.startswith("task/"):
            assert lifecycle_from_spec(ALL[name].spec.task) == lifecycle_from_spec(SPEC.task)


@pytest.mark.parametrize("name", ["task/RUNNING.next=+PENDING", "task/expires.of=end", "task/partial=FAILED"])
def test_a_mutant_that_the_client_does_not_depend_on_changes_no_generated_file(name: str) -> None:
    assert generate_files(SPEC) == generate_files(ALL[name].spec)


def test_every_path_of_a_mutant_is_taken_by_some_task() -> None:
    for each in ALL.values():
        life = lifecycle_from_spec(each.spec.task)
        assert max(map(len, (life.success_paths, life.failure_paths))) <= service_checks.SEEDS, each.name


def outcome(
    monkeypatch: pytest.MonkeyPatch, tried: list[Mutant], equivalent: EquivalentMutants = EQUIVALENT
) -> tuple[int, str]:
    """The exit code and the report of a run of some mutants."""
    READ_EQUIVALENT.inject(monkeypatch, lambda _: equivalent)
    MUTANTS.inject(monkeypatch, lambda _: iter(tried))
    lines: list[str] = []
    return run(lines.append), "\n".join(lines)


def test_a_report_has_the_counts_of_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    names = (
        "task/SUCCEEDED.terminal=false",
        "task/partial=FAILED",
        "wire/polling.max_interval=-1 s",
        "client/growth=1",
    )
    code, text = outcome(monkeypatch, [ALL[name] for name in names])
    assert (code, text.split("\n")) == (
        0,
        [
            f"1 equivalent on the service: {EQUIVALENT[names[0], 'service']}",
            "    task/SUCCEEDED.terminal=false",
            f"1 equivalent on the client: {EQUIVALENT[names[1], 'client']}",
            "    task/partial=FAILED",
            f"1 equivalent on the service: {EQUIVALENT[names[2], 'service']}",
            "    wire/polling.max_interval=-1 s",
            "4 mutants of the state table",
            "service: 1 killed, 2 equivalent, 0 survived",
            "client: 3 killed (1 by a scenario), 1 equivalent, 0 survived",
        ],
    )


def test_a_survivor_fails_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    SERVICE_PROBLEMS.inject(monkeypatch, nothing)
    code, text = outcome(monkeypatch, [ALL["task/partial=FAILED"]])
    assert code == 1 and "SURVIVED task/partial=FAILED on the service\n" in text


def test_a_killed_mutant_that_is_listed_as_equivalent_fails_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "task/partial=FAILED"
    listed = EQUIVALENT | {(name, "service"): "injected"}
    code, text = outcome(monkeypatch, [ALL[name]], listed)
    assert code == 1
    assert f"UNEXPECTED {name} on the service: 6 s after the submission: a query reports FAILED" in text


def test_an_equivalent_mutant_that_is_not_listed_fails_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    code, text = outcome(monkeypatch, [ALL["task/SUCCEEDED.terminal=false"]], {})
    assert code == 1 and "SURVIVED task/SUCCEEDED.terminal=false on the service\n" in text


def test_a_rejected_original_table_fails_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    EXPECTED_STATUS.inject(monkeypatch, lambda *_: "PENDING")
    monkeypatch.setattr(client_checks, "POLL_TIMES", (1.0, 2.0, 3.0))
    code, text = outcome(monkeypatch, [])
    assert code == 1
    service = "UNEXPECTED the original table on the service: 1 s after the submission"
    assert f"{service}: a query reports CANCELED, expected" in text
    assert "UNEXPECTED the original table on the client: polls after 1, 3, 7 s, expected 1, 2, 3 s" in text


def test_a_service_that_does_not_work_kills_no_mutant(monkeypatch: pytest.MonkeyPatch) -> None:
    HANDLE_REQUEST.inject(monkeypatch, lambda *_: Response(500, (), (b"ruin",)))
    with pytest.raises(RuntimeError, match="HTTP 500, expected 200: b'ruin'"):
        next(service_checks.service_problems(SPEC, SPEC))


def nothing(*_: Any) -> Iterator[str]:
    """A check that finds nothing."""
    return iter(())


def without_expected_state(check: Callable[..., Iterator[str]]) -> Callable[..., Iterator[str]]:
    """A check that ignores whether a query reports the expected state."""
    return lambda *arguments: (text for text in check(*arguments) if "a query reports" not in text)


CHECK_AT = service_checks.TaskSample._check_at
WEAKENED: dict[str, tuple[list[tuple[Any, str, Any]], list[str]]] = {
    "the expected state": (
        [
            (service_checks.TaskSample, "_check_at", without_expected_state(CHECK_AT)),
            (service_checks.TaskSample, "_check_list", nothing),
        ],
        ["task/PENDING.next=+SUCCEEDED", "task/RUNNING.next=-FAILED", "task/RUNNING.terminal=true"],
    ),
    "what a cancel may say": ([(TaskModel, "call_finished", lambda *_: "")], ["task/cancelable=+CANCELED"]),
    "a status of no page": (
        [(service_checks.TaskSample, "_check_unknown_key", nothing)],
        ["task/unlisted=PENDING"],
    ),
    "the links": (
        [(service_checks.TaskSample, "_check_links", nothing)],
        ["task/links_expire=+1 s", "task/links_expire=-1 s", "task/links_expire.of=submission"],
    ),
    "the rates": ([(service_checks, "_rate_problem", nothing)], ["wire/account_rates.cancel=+1"]),
    "the seeds": (
        [(service_checks, "SEEDS", 1)],
        ["task/RUNNING.next=+PENDING", "task/PENDING.next=+UNKNOWN"],
    ),
    "the edges of the day": (
        [(service_checks, "MOMENTS", (0.0, 1.0, 3.0, 8.0, 90_000.0))],
        ["task/expires=+1 s", "task/expires=-1 s", "task/expires.of=end", "task/UNKNOWN.next=+PENDING"],
    ),
}


@pytest.mark.parametrize("check", WEAKENED)
def test_with_a_weakened_check_of_the_service_mutants_survive(
    check: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes, names = WEAKENED[check]
    for change in changes:
        monkeypatch.setattr(*change)
    assert {name: [*service_checks.service_problems(SPEC, ALL[name].spec)] for name in names} == {
        name: [] for name in names
    }


@pytest.mark.parametrize(
    ("check", "name"),
    [
        ("fails", "task/outcomes.failed=PENDING"),
        ("canceled", "task/CANCELED.next=+RUNNING"),
        ("expires", "task/expires=+1 s"),
        ("saved", "task/links_expire=+1 s"),
        ("rate", "wire/account_rates.list=-1"),
    ],
)
def test_without_one_check_of_the_client_a_mutant_survives(
    check: str, name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    others = tuple(other for other in CLIENT_CHECKS.original if other.name != check)
    CLIENT_CHECKS.inject(monkeypatch, others)
    with client_with_mutant(ALL[name]):
        assert [*client_checks.client_problems(SPEC, tmp_path)] == []


def test_a_mutant_of_the_client_is_removed_after_its_block() -> None:
    before = Wan._api, AsyncWan._api, poller.FIRST_POLL
    with client_with_mutant(ALL["client/first_interval=+1 s"]):
        assert poller.FIRST_POLL == 2.0
    with client_with_mutant(ALL["wire/polling.max_interval=+1 s"]):
        assert Wan._api.max_poll_interval == AsyncWan._api.max_poll_interval == 11.0
    assert (Wan._api, AsyncWan._api, poller.FIRST_POLL) == before
