"""The model of a task, compared with an enumeration of all histories of a small service, tick by tick."""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wan_conformance.lifecycle.simulation.task_model import Report, TaskModel

from wanlib.spec import load

TABLE = load().task
DAY = 86_400.0
SETTINGS = settings(database=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


class History(NamedTuple):
    """One history so far. submitted: a tick, None where there is no task. decided: of decided calls."""

    submitted: int | None
    state: str
    decided: frozenset[tuple[int, Report]] = frozenset()


class Enumerated:
    """All histories that the reports leave; a tick lies between any two moments of the script."""

    def __init__(self, table: Mapping[str, Any], submitted: int | None) -> None:
        self._table, self._term = table, int(table["expires"]["is"].split()[0])
        self._histories = {History(submitted, table["initial"] if submitted is not None else "")}
        self._calls: dict[int, str] = {}

    def pass_time(self, since: int, until: int) -> None:
        for tick in range(since, until + 1):
            reached: set[History] = set()
            new = self._histories
            while new:
                reached |= new
                new = {after for history in new for after in self._successors(history, tick)} - reached
            self._histories = reached

    def send(self, call: int, what: str) -> None:
        self._calls[call] = what

    def possible_reports(self, call: int) -> set[Report]:
        return {
            report for history in self._histories for number, report in history.decided if number == call
        } | {None}

    def report(self, call: int, report: Report) -> None:
        del self._calls[call]
        self._histories = {
            history._replace(decided=frozenset(pair for pair in history.decided if pair[0] != call))
            for history in self._histories
            if report is None or (call, report) in history.decided
        }

    def _successors(self, history: History, tick: int) -> Iterable[History]:
        """The possible actions of the service in this tick, one at a time."""
        there = history.submitted is not None and tick - history.submitted < self._term
        if history.submitted is not None:
            for state in self._table["states"][history.state].get("next", ()):
                if state != "CANCELED":
                    yield history._replace(state=state)
        for call, what in self._calls.items():
            if call in dict(history.decided):
                continue
            if what == "query":
                yield self._decide(history, call, history.state if there else "UNKNOWN")
                if there and self._table["states"][history.state].get("next"):
                    yield self._decide(history, call, "SUSPENDED")
            elif what == "create" and history.submitted is None:
                yield self._decide(history, call, report=False)
                yield self._decide(History(tick, self._table["initial"], history.decided), call, report=True)
            elif what == "cancel" and there and history.state in self._table["cancelable"]:
                yield self._decide(history._replace(state="CANCELED"), call, report=True)
            elif what == "cancel":
                yield self._decide(history, call, report=False)

    def _decide(self, history: History, call: int, report: Report) -> History:
        return history._replace(decided=history.decided | {(call, report)})


def table(draw: st.DrawFn) -> dict[str, Any]:
    """A state table like the packaged one, with other steps."""
    after = st.lists(st.sampled_from(["PENDING", "RUNNING", "SUCCEEDED", "FAILED"]), unique=True, min_size=1)
    return {
        **TABLE,
        "states": {
            **TABLE["states"],
            "PENDING": {"next": [*draw(after), "CANCELED"]},
            "RUNNING": {"next": draw(after)},
        },
        "cancelable": draw(st.lists(st.sampled_from(["PENDING", "RUNNING"]), unique=True)),
    }


@st.composite
def tables(draw: st.DrawFn) -> dict[str, Any]:
    """Half of them the true one. The term is so short that a script outlives it."""
    true = draw(st.booleans())
    return {**(TABLE if true else table(draw)), "expires": {**TABLE["expires"], "is": "8 s"}}


@settings(SETTINGS, max_examples=100)
@given(tables(), st.data())
def test_a_report_is_rejected_exactly_if_no_history_explains_it(
    life: dict[str, Any], data: st.DataObject
) -> None:
    start = data.draw(st.sampled_from([None, 0]), "submitted")
    possible, enumerated = TaskModel(life, start), Enumerated(life, start)
    kinds = ["query", "cancel", *(["create"] if start is None else [])]
    under_way: dict[int, str] = {}
    now = 0
    for _ in range(data.draw(st.integers(1, 9), "steps")):
        before, now = now, now + data.draw(st.sampled_from([0, 2, 4, 8]), "passes")
        enumerated.pass_time(before, now)
        if under_way and (len(under_way) == 3 or data.draw(st.booleans(), "an answer")):
            call = data.draw(st.sampled_from(sorted(under_way)), "call")
            allowed = enumerated.possible_reports(call)
            for word in words(life, under_way.pop(call)):
                problem = deepcopy(possible).call_finished(call, now, word)
                assert (problem == "") == (word in allowed), (word, problem)
            report = data.draw(st.sampled_from(sorted(allowed, key=str)), "report")
            assert possible.call_finished(call, now, report) == ""
            enumerated.report(call, report)
        else:
            what = data.draw(st.sampled_from(kinds), "sent")
            if what == "create":
                kinds.remove(what)
            call = possible.call_started(what, now)
            under_way[call] = what
            enumerated.send(call, what)
            enumerated.pass_time(now, now)


def words(life: dict[str, Any], what: str) -> list[Report]:
    return [*life["states"], "SUSPENDED", "HIBERNATING", None] if what == "query" else [True, False, None]


def test_states_may_be_skipped_and_a_terminal_state_stays() -> None:
    task = TaskModel(TABLE, 0.0)
    assert task.allowed_states(5) == {"PENDING", "RUNNING", "SUCCEEDED", "FAILED"}
    assert task.observe("SUCCEEDED", 5) == ""
    assert task.observe("RUNNING", 6) == "RUNNING was reported, but the task may be SUCCEEDED"
    assert task.observe("FAILED", 7) == "FAILED was reported, but the task may be SUCCEEDED"
    assert task.observe("SUCCEEDED", DAY - 1e-3) == ""


def test_a_task_expires_after_24_hours_to_the_microsecond() -> None:
    for start in (0.0, 0.1, 1_767_225_600.123456):
        task = TaskModel(TABLE, start)
        assert task.observe("UNKNOWN", start + DAY - 1e-6).startswith(
            "UNKNOWN was reported, but the task may be PENDING"
        )
        assert task.observe("PENDING", start + DAY - 1e-6) == ""
        assert task.observe("PENDING", start + DAY) == "PENDING was reported, but the task may be UNKNOWN"
        assert task.observe("UNKNOWN", start + DAY) == ""


def test_an_id_that_does_not_exist_stays_unknown() -> None:
    task = TaskModel(TABLE)
    for at in (0.0, 1.0, DAY, 10 * DAY):
        assert task.allowed_states(at) == {"UNKNOWN"}
        assert task.observe("RUNNING", at) == "RUNNING was reported, but the task may be UNKNOWN"
    assert (
        task.call_finished(task.call_started("cancel", 0), 1, report=True)
        == "a cancel was accepted, but the task may be UNKNOWN"
    )


def test_a_lost_response_to_a_create_leaves_both_possibilities() -> None:
    task = TaskModel(TABLE)
    assert task.call_finished(task.call_started("create", 10), 20, None) == ""
    assert task.allowed_states(20) == {"UNKNOWN", "PENDING", "RUNNING", "SUCCEEDED", "FAILED"}
    assert task.observe("RUNNING", 30) == ""
    assert "UNKNOWN" not in task.allowed_states(DAY + 9.9)
    assert task.allowed_states(DAY + 15) == {"UNKNOWN", "RUNNING", "SUCCEEDED", "FAILED"}
    assert task.observe("SUCCEEDED", DAY + 15) == ""  # so it came after 15
    assert "UNKNOWN" not in task.allowed_states(DAY + 15)
    assert task.allowed_states(DAY + 20) == {"UNKNOWN"}


def test_a_task_that_did_not_exist_yet_was_created_later() -> None:
    task = TaskModel(TABLE)
    create = task.call_started("create", 10)
    assert task.observe("UNKNOWN", 15) == ""
    assert task.call_finished(create, 20, report=True) == ""
    assert "UNKNOWN" not in task.allowed_states(DAY + 14)
    assert task.allowed_states(DAY + 20) == {"UNKNOWN"}


def test_a_lost_response_to_a_cancel_leaves_both_possibilities() -> None:
    task = TaskModel(TABLE, 0.0)
    assert "CANCELED" not in task.allowed_states(1)
    task.call_finished(task.call_started("cancel", 1), 2, None)
    assert {"CANCELED", "PENDING"} <= task.allowed_states(3)
    assert task.observe("RUNNING", 4) == ""
    assert (
        task.observe("CANCELED", 5)
        == "CANCELED was reported, but the task may be RUNNING or SUCCEEDED or FAILED"
    )


@pytest.mark.parametrize("state", ["RUNNING", "SUCCEEDED", "FAILED"])
def test_a_cancel_is_accepted_only_in_a_cancelable_state(state: str) -> None:
    task = TaskModel(TABLE, 0.0)
    task.observe(state, 1)
    assert task.call_finished(task.call_started("cancel", 2), 2, report=True).startswith(
        "a cancel was accepted, but the task may be"
    )
    assert task.call_finished(task.call_started("cancel", 2), 2, report=False) == ""
    assert task.observe("CANCELED", 3) != ""


def test_suspended_stands_for_a_running_state_and_other_words_for_none() -> None:
    task = TaskModel(TABLE, 0.0)
    assert task.observe("HIBERNATING", 1).startswith(
        "HIBERNATING was reported, but the task may be PENDING or"
    )
    assert task.observe("SUSPENDED", 2) == ""
    task.observe("FAILED", 3)
    assert task.observe("SUSPENDED", 4) == "SUSPENDED was reported, but the task may be FAILED"
