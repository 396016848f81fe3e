"""Every single mutant of `task.yaml`, and of the poll schedule in `wire.yaml` and the client."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, NamedTuple

from wanlib.client.protocol.timing import PollIntervals
from wanlib.client.tasks import poller as follow
from wanlib.spec import Spec
from wanlib.spec.source.annotated import parse_duration

_MOMENTS = ("submission", "end")
_PACED = ("query", "list", "cancel")


class Mutant(NamedTuple):
    """One fault in the table.

    name: `task/RUNNING.next=+PENDING`. spec: with the fault. code: of what no spec file says, the fault in
    the client itself: (where, attribute, other value).
    """

    name: str
    spec: Spec
    code: tuple[Any, str, Any] | None = None


def mutants(spec: Spec) -> Iterator[Mutant]:
    """All of them, in the order of the files."""
    for name, task in _of_task(spec.task):
        yield Mutant(f"task/{name}", replace(spec, task=MappingProxyType(task)))
    for name, wire in _of_wire(spec.wire):
        yield Mutant(f"wire/{name}", replace(spec, wire=MappingProxyType(wire)))
    for name, code in _of_client():
        yield Mutant(f"client/{name}", spec, code)


def _of_task(task: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    states = tuple(task["states"])
    for state, said in task["states"].items():
        for name, other in _of_state(state, said, states):
            yield f"{state}.{name}", {**task, "states": {**task["states"], state: other}}
    yield from (
        (f"initial={state}", {**task, "initial": state}) for state in _with_change(states, task["initial"])
    )
    for state in states:
        name, cancelable = _toggle(task["cancelable"], state)
        yield f"cancelable={name}", {**task, "cancelable": cancelable}
    for outcome, met in task["outcomes"].items():
        for state in _with_change(states, met):
            yield f"outcomes.{outcome}={state}", {**task, "outcomes": {**task["outcomes"], outcome: state}}
    for term in ("expires", "links_expire"):
        for name, other in _of_term(task[term], states):
            yield f"{term}{name}", {**task, term: other}
    for state in _with_change(states, task["partial"]["is"]):
        yield f"partial={state}", {**task, "partial": {"is": state}}
    yield from ((f"unlisted={state}", {**task, "unlisted": {"is": [state]}}) for state in states)


def _of_state(
    state: str, said: Mapping[str, Any], states: tuple[str, ...]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """A state has either steps or an end, in a mutant too."""
    steps = said.get("next", [])
    for place, met in enumerate(steps):
        for other in states:
            if other not in steps:
                yield f"next={met}>{other}", {"next": [*steps[:place], other, *steps[place + 1 :]]}
    for other in states:
        name, changed = _toggle(steps, other)
        yield f"next={name}", {"next": changed}
    if "terminal" in said:
        yield "terminal=false", {"next": []}
    else:
        yield "terminal=true", {"terminal": True}


def _toggle(states: list[str], state: str) -> tuple[str, list[str]]:
    if state in states:
        return f"-{state}", [each for each in states if each != state]
    return f"+{state}", [*states, state]


def _with_change(words: tuple[str, ...], met: str) -> tuple[str, ...]:
    return tuple(word for word in words if word != met)


def _of_term(term: Mapping[str, str], states: tuple[str, ...]) -> Iterator[tuple[str, dict[str, str]]]:
    for name, span in _steps_of(term["is"]):
        yield name, {**term, "is": span}
    for moment in _with_change(_MOMENTS, term["of"]):
        yield f".of={moment}", {**term, "of": moment}
    if "into" in term:
        yield from (
            (f".into={state}", {**term, "into": state}) for state in _with_change(states, term["into"])
        )


def _steps_of(span: str) -> Iterator[tuple[str, str]]:
    """A second more, and a second less."""
    for step in (1, -1):
        yield f"={step:+} s", f"{parse_duration(span) + step:.0f} s"


def _of_wire(wire: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for gap in ("gap", "least_gap"):
        for name, span in _steps_of(wire["polling"][gap]):
            yield f"polling.{gap}{name}", {**wire, "polling": {**wire["polling"], gap: span}}
    for call in _PACED:
        for step in (1, -1):
            rates = {**wire["account_rates"], call: wire["account_rates"][call] + step}
            yield f"account_rates.{call}={step:+}", {**wire, "account_rates": rates}


def _of_client() -> Iterator[tuple[str, tuple[Any, str, Any]]]:
    """The beginning of the poll schedule: its first gap is a second, and each is twice the one before it."""
    for step in (1, -1):
        yield f"first_gap={step:+} s", (follow, "FIRST_POLL", follow.FIRST_POLL + step)
    for growth in (1, 3):
        yield f"growth={growth}", (PollIntervals, "after", _scaled(growth))


def _scaled(growth: int) -> Any:
    def after(gaps: PollIntervals, polls: int) -> float:
        return min(gaps.maximum, gaps.first * float(growth) ** min(polls, 30))

    return after
