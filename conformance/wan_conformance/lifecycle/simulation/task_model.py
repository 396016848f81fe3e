"""All that a task may have come to, by `task.yaml` and what was observed.

A call is decided by the service at some moment between its sending and its answer. Where the answer is lost,
it may have been decided either way, or may never have arrived; each of these is kept until an observation
rules it out. Only what none of them allows is a fault.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from wanlib.spec.source.annotated import parse_duration

_GRAIN = 1e-6  # seconds: what lies closer together is one moment
_ABSENT = ""
_EVER = float("inf")

Said = str | bool | None
"""What a call was told: a query a state, a create and a cancel whether they were accepted; None: nothing."""


class _Hypothesis(NamedTuple):
    """One possibility. state: but for its expiry; _ABSENT: there is no such task, or not yet.

    low, high: between them it was submitted. verdicts: of calls under way, what the decided will be told.
    """

    state: str
    low: float
    high: float
    verdicts: frozenset[tuple[int, Said]] = frozenset()


class TaskModel:
    """The set of states that one task may be in. Times in seconds, of any one clock, never going back.

    table: `Spec.task`. submitted: when the task was accepted; None: its id never was, or is yet to be (`sent`
    a create). A path of the table is legal, however many states of it nobody saw; a terminal state stays;
    UNKNOWN is told from exactly the term after submission, and of what never was. Nobody else cancels.
    """

    def __init__(self, table: Mapping[str, Any], submitted: float | None = None) -> None:
        outcomes = table["outcomes"]
        self._initial, self._canceled = table["initial"], outcomes["canceled"]
        self._unknown, self._cancelable = table["expires"]["into"], frozenset(table["cancelable"])
        self._next = {
            name: [after for after in state.get("next", ()) if after != self._canceled]
            for name, state in table["states"].items()
        }
        unlisted = table.get("unlisted", {"is": ()})["is"]
        self._vague = {name: unlisted if after else () for name, after in self._next.items()}
        self._term = parse_duration(table["expires"]["is"])
        self._mays = {_Hypothesis(_ABSENT, -_EVER, _EVER)}
        if submitted is not None:
            self._mays = {_Hypothesis(self._initial, submitted, submitted)}
        self._under_way: dict[int, tuple[str, float]] = {}
        self._calls = 0

    def call_started(self, what: str, at: float) -> int:
        """A "create", a "query" or a "cancel" is under way from now on; its number, for `answered`."""
        self._calls += 1
        self._under_way[self._calls] = (what, at)
        return self._calls

    def call_finished(self, call: int, at: float, said: Said) -> str:
        """What a call was told; "" or why no possibility allows it. None ends it with nothing known."""
        mays = self._advance(at)
        what, _ = self._under_way.pop(call)
        left = {may for may in mays if said is None or (call, said) in may.verdicts}
        self._mays = {_without(may, call) for may in left or mays}
        return "" if left else f"{_told(what, said)}, but the task {self._all(at)}"

    def observe(self, state: str, at: float) -> str:
        """A query that was asked and answered at one moment; "" or why no possibility allows it."""
        return self.call_finished(self.call_started("query", at), at, state)

    def allowed_states(self, at: float) -> frozenset[str]:
        """What a query might be told at a moment; words that only may stand for a state are left out."""
        call, before = self.call_started("query", at), self._mays
        found = {said for may in self._advance(at) for number, said in may.verdicts if number == call}
        self._mays = before
        del self._under_way[call]
        return frozenset(str(word) for word in found if word in self._next)

    def _advance(self, now: float) -> set[_Hypothesis]:
        """All that the possibilities may have become until now."""
        found: set[_Hypothesis] = set()
        left = [*self._mays]
        while left:
            may = left.pop()
            if may not in found:
                found.add(may)
                left += self._steps(may, now)
        return found

    def _steps(self, may: _Hypothesis, now: float) -> Iterator[_Hypothesis]:
        for state in self._next.get(may.state, ()):
            yield may._replace(state=state)
        decided = {call for call, _ in may.verdicts}
        for call, (what, sent) in self._under_way.items():
            if call not in decided:
                for after, said in self._after_call(may, what, sent, now):
                    yield after._replace(verdicts=after.verdicts | {(call, said)})

    def _after_call(
        self, may: _Hypothesis, what: str, sent: float, now: float
    ) -> Iterator[tuple[_Hypothesis, Said]]:
        """What a call does between two moments, and is told."""
        if what == "create":
            if may.state == _ABSENT:
                yield may, False
                yield _Hypothesis(self._initial, max(may.low, sent), now, may.verdicts), True
            return
        for gone in self._given_absent(may, sent, now):
            yield gone, self._unknown if what == "query" else False
        for here in self._given_present(may, sent):
            if what == "query":
                yield from ((here, word) for word in (may.state, *self._vague[may.state]))
            elif may.state in self._cancelable:
                yield here._replace(state=self._canceled), True
            else:
                yield here, False

    def _given_absent(self, may: _Hypothesis, sent: float, now: float) -> Iterator[_Hypothesis]:
        """What is left of a possibility where the service did not know the task then."""
        if may.state == _ABSENT:
            yield may._replace(low=max(may.low, sent))
        else:
            yield from _between(may, may.low, min(may.high, now - self._term))

    def _given_present(self, may: _Hypothesis, sent: float) -> Iterator[_Hypothesis]:
        """What is left of it where the service knew the task."""
        if may.state != _ABSENT:
            yield from _between(may, max(may.low, sent - self._term + _GRAIN), may.high)

    def _all(self, at: float) -> str:
        found = self.allowed_states(at)
        return "may be " + " or ".join(word for word in self._next if word in found)


def _between(may: _Hypothesis, low: float, high: float) -> Iterator[_Hypothesis]:
    """A possibility with other bounds; nothing where no moment is between them."""
    if round(high - low, 6) >= 0:
        yield may._replace(low=low, high=max(low, high))


def _without(may: _Hypothesis, call: int) -> _Hypothesis:
    return may._replace(verdicts=frozenset(each for each in may.verdicts if each[0] != call))


def _told(what: str, said: Said) -> str:
    if what == "query":
        return f"{said} was told"
    return f"a {what} was {'accepted' if said else 'refused'}"
