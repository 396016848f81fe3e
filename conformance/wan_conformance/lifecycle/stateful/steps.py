"""The script of a stateful session as text, and strategies for its faults.

`parse_script` reads the id that a failure prints, such as
`free/sync/steady/submit:one/fault:query:html/poll:1`.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import NamedTuple

from hypothesis import strategies as st

from wan_conformance.lifecycle.schedules.scenarios import (
    MULTI_PICTURE_REQUEST,
    REQUEST,
    packaged_spec,
)
from wan_conformance.lifecycle.schedules.schedules import OUR_CLIENTS
from wanlib.base.redaction import safe_repr
from wanlib.emulator import Settings
from wanlib.emulator.core.fault import CUT_POSITIONS, FAULT_KINDS, Fault, parse_fault

STATEFUL_PREFIX = "free"
"""The prefix of the id of a script; the id of a schedule begins with a scenario."""
_MAX_SECONDS = 1e7
NEVER = float("inf")
PACES = {
    "brisk": Settings(),
    "steady": Settings(waiting=3.0, working=8.0),
    "flat": Settings(waiting=3.0, working=8.0, failure_codes="flat"),
    "slow": Settings(waiting=40.0, working=90.0),
    "scripted": Settings(waiting=NEVER, working=NEVER),
}
"""The durations of the service's tasks. scripted: a task begins and ends only by steps. flat: the response
about a failed task has its error at the top level, where it may also be an error of the query."""
REQUESTS = {"one": REQUEST, "three": MULTI_PICTURE_REQUEST}
CALLS = ("any", "async", "query", "list", "cancel", "result")
"""The calls that a fault can wait for, as the emulator names them."""
ENDS = ("succeeded", "failed", "partial", "forgotten")
EDGES = ("day", "links")
"""The times that a step can refer to: the expiry of a task, and that of its links."""


def parse_step_fault(text: str) -> Fault:
    """Parse the fault of a step: as in the emulator's header, with commas instead of spaces.

    Raises:
        ValueError: The text is not a fault.
    """
    return parse_fault(text.replace(",", " "))


def task_number(text: str) -> int:
    """Parse the number of a task, in the order in which the client reported them, from 1.

    0 is an id that never existed.

    Raises:
        ValueError: The text is not a number below 100,000.
    """
    if not (text.isascii() and text.isdecimal() and len(text) < 6):
        raise ValueError(f"a task is {safe_repr(text)}; allowed: its number, 0 for an id that never existed")
    return int(text)


def _seconds(text: str) -> None:
    try:
        is_allowed = abs(float(text)) < _MAX_SECONDS
    except ValueError:
        is_allowed = False
    if not is_allowed:
        raise ValueError(f"a time is {safe_repr(text)}; allowed: seconds, up to {_MAX_SECONDS:g}")


def _one_of(what: str, allowed: Iterable[str]) -> Callable[[str], object]:
    names = tuple(allowed)

    def check(text: str) -> None:
        if text not in names:
            raise ValueError(f"{what} is {safe_repr(text)}; allowed: {', '.join(names)}")

    return check


ACTIONS: dict[str, tuple[Callable[[str], object], ...]] = {
    "submit": (_one_of("a request", REQUESTS),),
    "edit": (_one_of("a request", REQUESTS),),
    "poll": (task_number,),
    "wait": (task_number,),
    "save": (task_number,),
    "cancel": (task_number,),
    "list": (),
    "find_lost": (),
    "resume": (),
    "adopt": (),
    "restart": (),
    "pass": (_seconds,),
    "until": (task_number, _one_of("an edge", EDGES), _seconds),
    "begin": (task_number,),
    "end": (task_number, _one_of("an end", ENDS)),
    "fault": (_one_of("a call", CALLS), parse_step_fault),
}
"""The actions, and a check of each of their arguments."""


class Step(NamedTuple):
    """One step: `poll:1`, `until:1:day:-0.001`, `fault:query:cut,where=after`.

    Attributes:
        action: A name of `ACTIONS`.
        arguments: Its arguments.
    """

    action: str
    arguments: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the step as text."""
        return ":".join((self.action, *self.arguments))


class StepScript(NamedTuple):
    """The script of a session.

    Attributes:
        client: `sync` or `async`.
        pace: A name of `PACES`.
        steps: Its steps.
    """

    client: str
    pace: str
    steps: tuple[Step, ...] = ()

    def __str__(self) -> str:
        """Return the id, which `parse_script` reads."""
        return "/".join((STATEFUL_PREFIX, self.client, self.pace, *map(str, self.steps)))


def parse_script(text: str) -> StepScript:
    """Parse the id of a script.

    Raises:
        ValueError: The text is not an id; the message states the problem and what is allowed.
    """
    prefix, *rest = text.split("/")
    _one_of("the prefix of the id", [STATEFUL_PREFIX])(prefix)
    client, pace, *steps = [*rest, "", ""] if len(rest) < 2 else rest
    _one_of("client", OUR_CLIENTS)(client)
    _one_of("pace", PACES)(pace)
    return StepScript(client, pace, tuple(_parse_step(step) for step in steps))


def _parse_step(text: str) -> Step:
    action, *arguments = text.split(":")
    _one_of("a step", ACTIONS)(action)
    checks = ACTIONS[action]
    if len(arguments) != len(checks):
        raise ValueError(
            f"step {safe_repr(text)} has {len(arguments)} arguments after {action}; expected {len(checks)}"
        )
    for check, argument in zip(checks, arguments, strict=True):
        check(argument)
    return Step(action, tuple(arguments))


_ERRORS = packaged_spec().wire["errors"]
# Codes without a space, since a step is text without spaces.
_CODES = st.sampled_from(sorted(code for code in _ERRORS if " " not in code))
# No task fails with any of the others: they are about a call, so a query that reports one is accepted.
_FAILURES = st.sampled_from(
    [
        code
        for code, error in sorted(_ERRORS.items())
        if error["class"] not in ("rate", "authentication") and " " not in code
    ]
)
_RETRY_AFTER = st.sampled_from(("", ",retry_after=2", ",retry_after=30", ",retry_after=5000"))
_GATEWAY_STATUS = st.sampled_from(("", ",status=504", ",status=503", ",status=429"))
_STATUS_WORD = st.sampled_from(("", ",word=HIBERNATING"))
_COUNT = st.sampled_from(("", ",count=2", ",count=9"))
_PACE = st.sampled_from(("", ",pace=0.5", ",pace=2"))
_RATE = st.sampled_from((",rate=200", ",rate=20000"))
_DONE = st.sampled_from(("", ",done"))


@lru_cache
def fault_strategy(call: str) -> st.SearchStrategy[str]:
    """Return a strategy for the faults of an exchange.

    A create that is refused with an error of the vendor was not carried out: if that is false, any client can
    pay twice.

    Args:
        call: A name of `CALLS`.
    """
    done = st.just("") if call in ("any", "async") else _DONE
    parts = _parts(done)
    alternatives = [*parts.values(), parts["cut"]]  # a cut matters most, so it is drawn most often
    return st.one_of(*(st.builds("".join, st.tuples(*strategies)) for strategies in alternatives))


def _parts(done: st.SearchStrategy[str]) -> dict[str, tuple[st.SearchStrategy[str], ...]]:
    kinds = {name: st.just(name) for name in FAULT_KINDS}
    code = st.builds(",code={}".format, _CODES)
    return {
        "error": (kinds["error"], code, _RETRY_AFTER, done),
        "html": (kinds["html"], _GATEWAY_STATUS, _DONE),
        "inside": (kinds["inside"], code, done),
        "cut": (kinds["cut"], st.builds(",where={}".format, st.sampled_from(CUT_POSITIONS)), _DONE),
        "trickle": (kinds["trickle"], _PACE),
        "slow": (kinds["slow"], _RATE),
        "silent": (kinds["silent"], _DONE),
        "again": (kinds["again"],),
        "doubled": (kinds["doubled"],),
        "repeated": (kinds["repeated"],),
        "surplus": (kinds["surplus"],),
        "status": (kinds["status"], _STATUS_WORD),
        "other": (kinds["other"], _STATUS_WORD),
        "reused": (kinds["reused"],),
        "neighbour": (kinds["neighbour"], st.sampled_from(("", ",where=unread"))),
        "fail": (kinds["fail"], st.builds(",code={}".format, _FAILURES)),
        "partial": (kinds["partial"], _COUNT),
        "short": (kinds["short"], _COUNT),
        "soon": (kinds["soon"],),
        "download": (kinds["download"], st.sampled_from(("", ",where=after"))),
    }
