"""Paths through state tables, the packaged one and others: jobs take the paths that a table allows."""

from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest

from tests.emulator.api_client import BODIES, PRO, SPEC, advance, messages, send, status, submit
from tests.support.api_facts import KEPT_FOR
from wanlib.emulator import Emulator, Settings
from wanlib.emulator.jobs.lifecycle import lifecycle_from_spec
from wanlib.emulator.jobs.state_paths import StatePath, paths_to, walks_from

URL = "https://example.com/cat.png"


def table(steps: str, **others: Any) -> dict[str, Any]:
    """A table: `P>R P>C R>S R>F` with the states by their first letters; all six are there."""
    names = {name[0]: name for name in SPEC.task["states"]}
    found: dict[str, list[str]] = {name: [] for name in names.values()}
    for step in steps.split():
        found[names[step[0]]].append(names[step[2]])
    return {**SPEC.task, "states": {name: {"next": after} for name, after in found.items()}} | others


def as_text(walk: tuple[str, ...]) -> str:
    """The first letters of a walk."""
    return "".join(state[0] for state in walk)


def test_the_packaged_table_leaves_nothing_open() -> None:
    life = lifecycle_from_spec(SPEC.task)
    assert life.success_paths == life.partial_paths == (StatePath("PENDING", ("RUNNING",), ("SUCCEEDED",)),)
    assert life.failure_paths == (StatePath("PENDING", ("RUNNING",), ("FAILED",)),)
    assert (life.waiting, life.working) == ("PENDING", "RUNNING")
    assert (life.cancel_walk, life.expiry_walk) == (("CANCELED",), ("UNKNOWN",))
    assert (life.task_lifetime_from, life.link_lifetime_from) == ("submitted", "ended")


@pytest.mark.parametrize(
    ("steps", "due"),
    [
        ("P>R P>C R>S R>F", ["PRS"]),
        ("P>R R>P R>S", ["PRP", "PRS"]),  # no step twice
        ("P>P P>R R>R R>S", ["PRS"]),  # a state that follows itself is the one that stays
        ("P>R P>S R>S", ["PRS", "PS"]),
        ("P>R R>S S>F", ["PRSF"]),  # another end is passed after its own, not before
        ("P>R R>F", ["PR"]),
        ("P>C", ["P"]),  # only a cancel goes there
        ("", ["P"]),
    ],
)
def test_all_walks_of_work_that_is_to_succeed(steps: str, due: list[str]) -> None:
    assert [as_text(walk) for walk in walks_from(table(steps), "PENDING", "SUCCEEDED", {"FAILED"})] == due


def test_a_path_is_split_where_work_begins_and_ends() -> None:
    def road(steps: str) -> tuple[str, str, str]:
        ((first, between, on),) = paths_to(table(steps), "SUCCEEDED", {"FAILED"})
        return first[0], as_text(between), as_text(on)

    assert road("P>R R>S S>U") == ("P", "R", "SU")
    assert road("P>S") == ("P", "P", "S")  # it waits until it ends
    assert road("P>R R>U") == ("P", "RU", "U")  # it never ends
    assert road("") == ("P", "P", "P")


def emulator(task: dict[str, Any]) -> Emulator:
    """An emulator with these state changes; a task waits for two seconds and works for four."""
    spec = replace(SPEC, task=MappingProxyType(task))
    return Emulator(spec, settings=Settings(waiting=2.0, working=4.0))


def played(service: Emulator, task: str, *moments: float) -> str:
    """The first letters of a task's states this many seconds after the submission."""
    found, now = "", 0.0
    for at in moments:
        advance(service, at - now)
        found, now = found + status(service, task)[0], at
    return found


def test_a_task_passes_through_every_state_of_its_path() -> None:
    service = emulator(table("P>R R>U U>S S>F F>C"))
    task = submit(service, BODIES[PRO])
    assert played(service, task, 0, 1.999, 2, 3.999, 4, 5.999, 6, 6.999, 7, 9) == "PPRRUUSSFC"


def test_the_seed_selects_the_path_of_a_task() -> None:
    service = emulator(table("P>R P>U R>S"))
    first, second = (submit(service, messages(PRO, URL, n=1, seed=seed)) for seed in (4, 5))
    advance(service, 6)
    assert (status(service, first), status(service, second)) == ("SUCCEEDED", "UNKNOWN")


def test_a_cancel_and_an_expiry_go_on_as_the_table_does() -> None:
    service = emulator(table("P>R P>C R>S C>F U>P"))
    canceled, task = submit(service, BODIES[PRO]), submit(service, BODIES[PRO])
    assert send(service, "POST", f"/tasks/{canceled}/cancel").status == 200
    assert played(service, canceled, 0, 1, 2) == "CFF"
    advance(service, KEPT_FOR - 3)
    assert played(service, task, 0, 1, 2, 3) == "SUPR"


def test_a_cancel_leads_nowhere_without_a_step() -> None:
    service = emulator(table("P>R R>S"))
    task = submit(service, BODIES[PRO])
    assert send(service, "POST", f"/tasks/{task}/cancel").status == 200
    assert played(service, task, 0, 10) == "PP"


def test_a_term_counts_from_where_the_table_says() -> None:
    expires = {"is": "24 h", "of": "end", "into": "UNKNOWN"}
    service = emulator(table("P>R R>S", expires=expires))
    task = submit(service, BODIES[PRO])
    assert played(service, task, 86_400, 86_405.5, 86_406) == "SSU"
