"""A free play as text: whose client, how the service takes its time, and what is done, step by step."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from conformance.lifecycle.schedule import OURS
from conformance.lifecycle.stories import ORDER, SEVERAL
from wanlib.base.shown import shown
from wanlib.emulator import Settings
from wanlib.emulator.fault import Fault, parse_fault

FREE = "free"
_LONG = 1e7
NEVER = float("inf")
PACES = {
    "brisk": Settings(),
    "steady": Settings(waiting=3.0, working=8.0),
    "flat": Settings(waiting=3.0, working=8.0, failed="flat"),
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


def fault_of(text: str) -> Fault:
    """The fault of a step: as in the emulator's header, with commas for spaces. ValueError for none."""
    return parse_fault(text.replace(",", " "))


def number_of(text: str) -> int:
    """A task by the order in which the client told it, from 1; 0 is an id that never was."""
    if not (text.isascii() and text.isdecimal() and len(text) < 6):
        raise ValueError(f"a task is {shown(text)}; allowed: its number, 0 for an id that never was")
    return int(text)


def _seconds(text: str) -> None:
    if not abs(float(text)) < _LONG:
        raise ValueError(f"a time is {shown(text)}; allowed: seconds, up to {_LONG:g}")


def _one_of(what: str, allowed: Iterable[str]) -> Callable[[str], object]:
    names = tuple(allowed)

    def check(text: str) -> None:
        if text not in names:
            raise ValueError(f"{what} is {shown(text)}; allowed: {', '.join(names)}")

    return check


ACTIONS: dict[str, tuple[Callable[[str], object], ...]] = {
    "submit": (_one_of("an order", ORDERS),),
    "edit": (_one_of("an order", ORDERS),),
    "poll": (number_of,),
    "wait": (number_of,),
    "save": (number_of,),
    "cancel": (number_of,),
    "list": (),
    "find_lost": (),
    "resume": (),
    "anew": (),
    "pass": (_seconds,),
    "until": (number_of, _one_of("an edge", EDGES), _seconds),
    "begin": (number_of,),
    "end": (number_of, _one_of("an end", ENDS)),
    "fault": (_one_of("a call", CALLS), fault_of),
}
"""What may be done, and what each word behind it must be."""


class Step(NamedTuple):
    """One step: `poll:1`, `until:1:day:-0.001`, `fault:query:cut,where=after`."""

    do: str
    words: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ":".join((self.do, *self.words))


class Script(NamedTuple):
    """A free play. client: of OURS. pace: of PACES."""

    client: str
    pace: str
    steps: tuple[Step, ...] = ()

    def __str__(self) -> str:
        """Its id, which `read_script` reads."""
        return "/".join((FREE, self.client, self.pace, *map(str, self.steps)))


def read_script(text: str) -> Script:
    """The free play of an id. ValueError says what is wrong in it."""
    free, *rest = text.split("/")
    _one_of("a free play begins with what", [FREE])(free)
    client, pace, *steps = [*rest, "", ""] if len(rest) < 2 else rest
    _one_of("client", OURS)(client)
    _one_of("pace", PACES)(pace)
    return Script(client, pace, tuple(_read_step(each) for each in steps))


def _read_step(text: str) -> Step:
    do, *words = text.split(":")
    _one_of("a step", ACTIONS)(do)
    checks = ACTIONS[do]
    if len(words) != len(checks):
        raise ValueError(f"step {shown(text)} has {len(words)} words behind {do}; due are {len(checks)}")
    for check, word in zip(checks, words, strict=True):
        check(word)
    return Step(do, tuple(words))
