"""All mutants: each single fault in `task.yaml`, and in the poll schedule of `wire.yaml` and the client."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, NamedTuple

from wanlib.client.protocol.timing import PollIntervals
from wanlib.client.tasks import poller
from wanlib.spec import Spec
from wanlib.spec.source.annotated import parse_duration

_MOMENTS = ("submission", "end")
_RATE_LIMITED = ("query", "list", "cancel")


class Mutant(NamedTuple):
    """One fault.

    Attributes:
        name: The file and the change, such as `task/RUNNING.next=+PENDING`.
        spec: The spec with the fault.
        code: A fault in the client itself, which no spec file contains: owner, attribute and value; None if
            the fault is in the spec.
    """

    name: str
    spec: Spec
    code: tuple[Any, str, Any] | None = None


def mutants(spec: Spec) -> Iterator[Mutant]:
    """Return all mutants of a spec, in the order of the files."""
    for name, task in _of_task(spec.task):
        yield Mutant(f"task/{name}", replace(spec, task=MappingProxyType(task)))
    for name, wire in _of_wire(spec.wire):
        yield Mutant(f"wire/{name}", replace(spec, wire=MappingProxyType(wire)))
    for name, code in _of_client():
        yield Mutant(f"client/{name}", spec, code)


def _of_task(task: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    states = tuple(task["states"])
    for state, definition in task["states"].items():
        for name, changed in _of_state(definition, states):
            yield f"{state}.{name}", {**task, "states": {**task["states"], state: changed}}
    yield from (
        (f"initial={state}", {**task, "initial": state}) for state in _others(states, task["initial"])
    )
    for state in states:
        name, cancelable = _toggle(task["cancelable"], state)
        yield f"cancelable={name}", {**task, "cancelable": cancelable}
    for outcome, current in task["outcomes"].items():
        for state in _others(states, current):
            yield f"outcomes.{outcome}={state}", {**task, "outcomes": {**task["outcomes"], outcome: state}}
    for term in ("expires", "links_expire"):
        for name, changed in _of_term(task[term], states):
            yield f"{term}{name}", {**task, term: changed}
    for state in _others(states, task["partial"]["is"]):
        yield f"partial={state}", {**task, "partial": {"is": state}}
    yield from ((f"unlisted={state}", {**task, "unlisted": {"is": [state]}}) for state in states)


def _of_state(definition: Mapping[str, Any], states: tuple[str, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the mutants of a state, which has either next states or is terminal."""
    steps = definition.get("next", [])
    for index, step in enumerate(steps):
        for other in states:
            if other not in steps:
                yield f"next={step}>{other}", {"next": [*steps[:index], other, *steps[index + 1 :]]}
    for other in states:
        name, changed = _toggle(steps, other)
        yield f"next={name}", {"next": changed}
    if "terminal" in definition:
        yield "terminal=false", {"next": []}
    else:
        yield "terminal=true", {"terminal": True}


def _toggle(states: list[str], state: str) -> tuple[str, list[str]]:
    if state in states:
        return f"-{state}", [other for other in states if other != state]
    return f"+{state}", [*states, state]


def _others(words: tuple[str, ...], current: str) -> tuple[str, ...]:
    return tuple(word for word in words if word != current)


def _of_term(term: Mapping[str, str], states: tuple[str, ...]) -> Iterator[tuple[str, dict[str, str]]]:
    for name, duration in _durations_near(term["is"]):
        yield name, {**term, "is": duration}
    for moment in _others(_MOMENTS, term["of"]):
        yield f".of={moment}", {**term, "of": moment}
    if "into" in term:
        yield from ((f".into={state}", {**term, "into": state}) for state in _others(states, term["into"]))


def _durations_near(duration: str) -> Iterator[tuple[str, str]]:
    """Return a duration one second longer, and one second shorter."""
    for step in (1, -1):
        yield f"={step:+} s", f"{parse_duration(duration) + step:.0f} s"


def _of_wire(wire: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for member in ("max_interval", "min_interval"):
        for name, duration in _durations_near(wire["polling"][member]):
            yield f"polling.{member}{name}", {**wire, "polling": {**wire["polling"], member: duration}}
    for call in _RATE_LIMITED:
        for step in (1, -1):
            rates = {**wire["account_rates"], call: wire["account_rates"][call] + step}
            yield f"account_rates.{call}={step:+}", {**wire, "account_rates": rates}


def _of_client() -> Iterator[tuple[str, tuple[Any, str, Any]]]:
    """Yield faults of the poll schedule, which starts with an interval of a second and doubles it."""
    for step in (1, -1):
        yield f"first_interval={step:+} s", (poller, "FIRST_POLL", poller.FIRST_POLL + step)
    for growth in (1, 3):
        yield f"growth={growth}", (PollIntervals, "delay_after", _scaled(growth))


def _scaled(growth: int) -> Any:
    def delay_after(intervals: PollIntervals, polls: int) -> float:
        return min(intervals.maximum, intervals.first * float(growth) ** min(polls, 30))

    return delay_after
