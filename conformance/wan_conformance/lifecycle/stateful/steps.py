"""A free play as text: whose client, how the service takes its time, and what is done, step by step."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import NamedTuple

from hypothesis import strategies as st

from wan_conformance.lifecycle.schedules.scenarios import ORDER, SEVERAL, spec
from wan_conformance.lifecycle.schedules.schedules import OURS
from wanlib.base.redaction import safe_repr
from wanlib.emulator import Settings
from wanlib.emulator.core.fault import CUT_POSITIONS, FAULT_KINDS, Fault, parse_fault

FREE = "free"
_LONG = 1e7
NEVER = float("inf")
PACES = {
    "brisk": Settings(),
    "steady": Settings(waiting=3.0, working=8.0),
    "flat": Settings(waiting=3.0, working=8.0, failure_codes="flat"),
    "slow": Settings(waiting=40.0, working=90.0),
    "told": Settings(waiting=NEVER, working=NEVER),
}
"""How the service takes its time. told: a task begins and ends by a step alone. flat: what FAILED says so by
an error at the top of the answer, which may as well be one of the query."""
ORDERS = {"one": ORDER, "three": SEVERAL}
CALLS = ("any", "async", "query", "list", "cancel", "result")
"""The exchanges that a fault waits for, as the emulator names them."""
ENDS = ("well", "failed", "partial", "forgotten")
EDGES = ("day", "links")
"""What a moment is told by: the end of a task's day, the death of its links."""


def parse_step_fault(text: str) -> Fault:
    """The fault of a step: as in the emulator's header, with commas for spaces. ValueError for none."""
    return parse_fault(text.replace(",", " "))


def task_number(text: str) -> int:
    """A task by the order in which the client told it, from 1; 0 is an id that never was."""
    if not (text.isascii() and text.isdecimal() and len(text) < 6):
        raise ValueError(f"a task is {safe_repr(text)}; allowed: its number, 0 for an id that never was")
    return int(text)


def _seconds(text: str) -> None:
    if not abs(float(text)) < _LONG:
        raise ValueError(f"a time is {safe_repr(text)}; allowed: seconds, up to {_LONG:g}")


def _one_of(what: str, allowed: Iterable[str]) -> Callable[[str], object]:
    names = tuple(allowed)

    def check(text: str) -> None:
        if text not in names:
            raise ValueError(f"{what} is {safe_repr(text)}; allowed: {', '.join(names)}")

    return check


ACTIONS: dict[str, tuple[Callable[[str], object], ...]] = {
    "submit": (_one_of("an order", ORDERS),),
    "edit": (_one_of("an order", ORDERS),),
    "poll": (task_number,),
    "wait": (task_number,),
    "save": (task_number,),
    "cancel": (task_number,),
    "list": (),
    "find_lost": (),
    "resume": (),
    "anew": (),
    "pass": (_seconds,),
    "until": (task_number, _one_of("an edge", EDGES), _seconds),
    "begin": (task_number,),
    "end": (task_number, _one_of("an end", ENDS)),
    "fault": (_one_of("a call", CALLS), parse_step_fault),
}
"""What may be done, and what each word behind it must be."""


class Step(NamedTuple):
    """One step: `poll:1`, `until:1:day:-0.001`, `fault:query:cut,where=after`."""

    do: str
    words: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ":".join((self.do, *self.words))


class StepScript(NamedTuple):
    """A free play. client: of OURS. pace: of PACES."""

    client: str
    pace: str
    steps: tuple[Step, ...] = ()

    def __str__(self) -> str:
        """Its id, which `read_script` reads."""
        return "/".join((FREE, self.client, self.pace, *map(str, self.steps)))


def parse_script(text: str) -> StepScript:
    """The free play of an id. ValueError says what is wrong in it."""
    free, *rest = text.split("/")
    _one_of("a free play begins with what", [FREE])(free)
    client, pace, *steps = [*rest, "", ""] if len(rest) < 2 else rest
    _one_of("client", OURS)(client)
    _one_of("pace", PACES)(pace)
    return StepScript(client, pace, tuple(_read_step(each) for each in steps))


def _read_step(text: str) -> Step:
    do, *words = text.split(":")
    _one_of("a step", ACTIONS)(do)
    checks = ACTIONS[do]
    if len(words) != len(checks):
        raise ValueError(f"step {safe_repr(text)} has {len(words)} words behind {do}; due are {len(checks)}")
    for check, word in zip(checks, words, strict=True):
        check(word)
    return Step(do, tuple(words))


_ERRORS = spec().wire["errors"]
# Of the codes without a blank: a step of a play is written in words.
_CODES = st.sampled_from(sorted(code for code in _ERRORS if " " not in code))
# A task fails by none of the others: they are about a call, and a query that says them is believed so.
_FAILURES = st.sampled_from(
    [
        code
        for code, told in sorted(_ERRORS.items())
        if told["class"] not in ("rate", "authentication") and " " not in code
    ]
)
_ASKED = st.sampled_from(("", ",retry_after=2", ",retry_after=30", ",retry_after=5000"))
_GATEWAY = st.sampled_from(("", ",status=504", ",status=503", ",status=429"))
_WORDS = st.sampled_from(("", ",word=HIBERNATING"))
_COUNT = st.sampled_from(("", ",count=2", ",count=9"))
_PACE = st.sampled_from(("", ",pace=0.5", ",pace=2"))
_DONE = st.sampled_from(("", ",done"))


@lru_cache
def fault_strategy(call: str) -> st.SearchStrategy[str]:
    """Faults for an exchange of CALLS.

    A create that is refused in the vendor's own words was not carried out: a service that lies in this can
    make any client pay twice.
    """
    done = st.just("") if call in ("any", "async") else _DONE
    parts = _parts(done)
    drawn = [*parts.values(), parts["cut"]]  # what matters most comes most
    return st.one_of(*(st.builds("".join, st.tuples(*each)) for each in drawn))


def _parts(done: st.SearchStrategy[str]) -> dict[str, tuple[st.SearchStrategy[str], ...]]:
    kinds = {name: st.just(name) for name in FAULT_KINDS}
    code = st.builds(",code={}".format, _CODES)
    return {
        "error": (kinds["error"], code, _ASKED, done),
        "html": (kinds["html"], _GATEWAY, _DONE),
        "inside": (kinds["inside"], code, done),
        "cut": (kinds["cut"], st.builds(",where={}".format, st.sampled_from(CUT_POSITIONS)), _DONE),
        "trickle": (kinds["trickle"], _PACE),
        "again": (kinds["again"],),
        "doubled": (kinds["doubled"],),
        "status": (kinds["status"], _WORDS),
        "fail": (kinds["fail"], st.builds(",code={}".format, _FAILURES)),
        "partial": (kinds["partial"], _COUNT),
        "short": (kinds["short"], _COUNT),
        "download": (kinds["download"], st.sampled_from(("", ",where=after"))),
    }
