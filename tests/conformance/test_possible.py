"""The set of states that a task may be in, against every history of a small service, tick by tick."""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wan_conformance.lifecycle.simulation.task_model import Said, TaskModel

from wanlib.spec import load

TABLE = load().task
DAY = 86_400.0
SETTINGS = settings(
    database=None, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)


class World(NamedTuple):
    """One history so far. submitted: a tick, None where there is no task. verdicts: of decided calls."""

    submitted: int | None
    state: str
    verdicts: frozenset[tuple[int, Said]] = frozenset()


class Enumerated:
    """Every history that the told answers leave; a tick lies between any two moments of the script."""

    def __init__(self, table: Mapping[str, Any], submitted: int | None) -> None:
        self._table, self._term = table, int(table["expires"]["is"].split()[0])
        self._worlds = {World(submitted, table["initial"] if submitted is not None else "")}
        self._calls: dict[int, str] = {}

    def pass_time(self, since: int, until: int) -> None:
        for tick in range(since, until + 1):
            found: set[World] = set()
            new = self._worlds
            while new:
                found |= new
                new = {after for world in new for after in self._acts(world, tick)} - found
            self._worlds = found

    def send(self, call: int, what: str) -> None:
        self._calls[call] = what

    def may_be_told(self, call: int) -> set[Said]:
        return {said for world in self._worlds for each, said in world.verdicts if each == call} | {None}

    def tell(self, call: int, said: Said) -> None:
        del self._calls[call]
        self._worlds = {
            world._replace(verdicts=frozenset(each for each in world.verdicts if each[0] != call))
            for world in self._worlds
            if said is None or (call, said) in world.verdicts
        }

    def _acts(self, world: World, tick: int) -> Iterable[World]:
        """What the service may do in this tick, one thing at a time."""
        there = world.submitted is not None and tick - world.submitted < self._term
        if world.submitted is not None:
            for state in self._table["states"][world.state].get("next", ()):
                if state != "CANCELED":
                    yield world._replace(state=state)
        for call, what in self._calls.items():
            if call in dict(world.verdicts):
                continue
            if what == "query":
                yield self._decide(world, call, world.state if there else "UNKNOWN")
                if there and self._table["states"][world.state].get("next"):
                    yield self._decide(world, call, "SUSPENDED")
            elif what == "create" and world.submitted is None:
                yield self._decide(world, call, said=False)
                yield self._decide(World(tick, self._table["initial"], world.verdicts), call, said=True)
            elif what == "cancel" and there and world.state in self._table["cancelable"]:
                yield self._decide(world._replace(state="CANCELED"), call, said=True)
            elif what == "cancel":
                yield self._decide(world, call, said=False)

    def _decide(self, world: World, call: int, said: Said) -> World:
        return world._replace(verdicts=world.verdicts | {(call, said)})


def table(draw: st.DrawFn) -> dict[str, Any]:
    """A life like the true one, with other ways."""
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
def test_a_word_is_told_as_wrong_exactly_where_no_history_has_it(
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
            allowed = enumerated.may_be_told(call)
            for word in words(life, under_way.pop(call)):
                told = deepcopy(possible).call_finished(call, now, word)
                assert (told == "") == (word in allowed), (word, told)
            said = data.draw(st.sampled_from(sorted(allowed, key=str)), "told")
            assert possible.call_finished(call, now, said) == ""
            enumerated.tell(call, said)
        else:
            what = data.draw(st.sampled_from(kinds), "sent")
            if what == "create":
                kinds.remove(what)
            call = possible.call_started(what, now)
            under_way[call] = what
            enumerated.send(call, what)
            enumerated.pass_time(now, now)


def words(life: dict[str, Any], what: str) -> list[Said]:
    return [*life["states"], "SUSPENDED", "HIBERNATING", None] if what == "query" else [True, False, None]


def test_a_path_may_be_skipped_and_an_end_stays() -> None:
    task = TaskModel(TABLE, 0.0)
    assert task.allowed_states(5) == {"PENDING", "RUNNING", "SUCCEEDED", "FAILED"}
    assert task.observe("SUCCEEDED", 5) == ""
    assert task.observe("RUNNING", 6) == "RUNNING was told, but the task may be SUCCEEDED"
    assert task.observe("FAILED", 7) == "FAILED was told, but the task may be SUCCEEDED"
    assert task.observe("SUCCEEDED", DAY - 1e-3) == ""


def test_unknown_comes_at_24_hours_to_the_microsecond() -> None:
    for start in (0.0, 0.1, 1_767_225_600.123456):
        task = TaskModel(TABLE, start)
        assert task.observe("UNKNOWN", start + DAY - 1e-6).startswith(
            "UNKNOWN was told, but the task may be PENDING"
        )
        assert task.observe("PENDING", start + DAY - 1e-6) == ""
        assert task.observe("PENDING", start + DAY) == "PENDING was told, but the task may be UNKNOWN"
        assert task.observe("UNKNOWN", start + DAY) == ""


def test_an_id_that_never_was_is_unknown_for_ever() -> None:
    task = TaskModel(TABLE)
    for at in (0.0, 1.0, DAY, 10 * DAY):
        assert task.allowed_states(at) == {"UNKNOWN"}
        assert task.observe("RUNNING", at) == "RUNNING was told, but the task may be UNKNOWN"
    assert (
        task.call_finished(task.call_started("cancel", 0), 1, said=True)
        == "a cancel was accepted, but the task may be UNKNOWN"
    )


def test_a_create_whose_answer_was_lost_leaves_both() -> None:
    task = TaskModel(TABLE)
    assert task.call_finished(task.call_started("create", 10), 20, None) == ""
    assert task.allowed_states(20) == {"UNKNOWN", "PENDING", "RUNNING", "SUCCEEDED", "FAILED"}
    assert task.observe("RUNNING", 30) == ""
    assert "UNKNOWN" not in task.allowed_states(DAY + 9.9)
    assert task.allowed_states(DAY + 15) == {"UNKNOWN", "RUNNING", "SUCCEEDED", "FAILED"}
    assert task.observe("SUCCEEDED", DAY + 15) == ""  # so it came after 15
    assert "UNKNOWN" not in task.allowed_states(DAY + 15)
    assert task.allowed_states(DAY + 20) == {"UNKNOWN"}


def test_a_task_that_was_not_there_yet_came_later() -> None:
    task = TaskModel(TABLE)
    create = task.call_started("create", 10)
    assert task.observe("UNKNOWN", 15) == ""
    assert task.call_finished(create, 20, said=True) == ""
    assert "UNKNOWN" not in task.allowed_states(DAY + 14)
    assert task.allowed_states(DAY + 20) == {"UNKNOWN"}


def test_a_cancel_whose_answer_was_lost_leaves_both() -> None:
    task = TaskModel(TABLE, 0.0)
    assert "CANCELED" not in task.allowed_states(1)
    task.call_finished(task.call_started("cancel", 1), 2, None)
    assert {"CANCELED", "PENDING"} <= task.allowed_states(3)
    assert task.observe("RUNNING", 4) == ""
    assert (
        task.observe("CANCELED", 5) == "CANCELED was told, but the task may be RUNNING or SUCCEEDED or FAILED"
    )


@pytest.mark.parametrize("state", ["RUNNING", "SUCCEEDED", "FAILED"])
def test_a_cancel_is_accepted_only_where_the_task_may_be_canceled(state: str) -> None:
    task = TaskModel(TABLE, 0.0)
    task.observe(state, 1)
    assert task.call_finished(task.call_started("cancel", 2), 2, said=True).startswith(
        "a cancel was accepted, but the task may be"
    )
    assert task.call_finished(task.call_started("cancel", 2), 2, said=False) == ""
    assert task.observe("CANCELED", 3) != ""


def test_a_word_of_nobody_is_no_state_and_suspended_says_that_it_has_not_ended() -> None:
    task = TaskModel(TABLE, 0.0)
    assert task.observe("HIBERNATING", 1).startswith("HIBERNATING was told, but the task may be PENDING or")
    assert task.observe("SUSPENDED", 2) == ""
    task.observe("FAILED", 3)
    assert task.observe("SUSPENDED", 4) == "SUSPENDED was told, but the task may be FAILED"
