"""A model of one task: the set of states that it may be in, given all observations.

Theory. A client sees a task only through calls, and a call is not a point in time. The service decides a
call at some time between its request and its response; if the response is lost, it may have been
decided either way, or the request may never have arrived. So after a few calls many histories are possible,
and a report is a violation only if none of them allows it. The model therefore tracks a set of hypotheses.
Each is one possible present: the state of the task, the interval in which it was submitted, and the
decision on each call in progress, if there is one.

Three operations change the set:

- Time passes (`_advance`). From each hypothesis, follow every step that the service may take by the state
  table, one or many, and let each call in progress be decided at any time. A path through the table is
  legal, even if its states were not observed; a terminal state is never left.
- A call is reported (`call_finished`). Keep only the hypotheses in which the call was decided as
  reported. A lost response (None) removes none. If none is left, no legal history explains the report: that
  is a violation, and the set stays as it was, so that later reports are still judged.
- The term is over. A task expires exactly one term after its submission, to the microsecond, and is UNKNOWN
  from then on, as an id that never existed is. So a report of UNKNOWN bounds the submission from above, and
  a report of any other state bounds it from below.

This is the method of linearizability checkers, for a register whose value changes on its own. `observe` is
the special case of a call that takes no time. Only the client of the test cancels a task.

Use: `call_started` and `call_finished` around each call, with times of one clock that never goes back; the
result is "" or the reason why no hypothesis allows the report.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from wanlib.spec.source.annotated import parse_duration

_RESOLUTION = 1e-6  # seconds: two times that are closer together count as equal
_ABSENT = ""
_INFINITY = float("inf")

Report = str | bool | None
"""The response to a call: the state of a query, whether a create or cancel was accepted, None if it was
lost."""


class _Hypothesis(NamedTuple):
    """One possible present.

    Attributes:
        state: The state, apart from expiry; `_ABSENT` if the task does not exist, or not yet.
        earliest: The task was submitted at this time or later.
        latest: The task was submitted at this time or earlier.
        decided: The calls in progress that the service has decided, with the report that will follow.
    """

    state: str
    earliest: float
    latest: float
    decided: frozenset[tuple[int, Report]] = frozenset()


class TaskModel:
    """The set of states that one task may be in."""

    def __init__(self, table: Mapping[str, Any], submitted: float | None = None) -> None:
        """Create a model.

        Args:
            table: `Spec.task`.
            submitted: When the task was accepted, in seconds of any one clock; None if the id does not
                exist, or not yet (after a `call_started("create")`).
        """
        outcomes = table["outcomes"]
        self._initial, self._canceled = table["initial"], outcomes["canceled"]
        self._unknown, self._cancelable = table["expires"]["into"], frozenset(table["cancelable"])
        self._next = {
            name: [successor for successor in state.get("next", ()) if successor != self._canceled]
            for name, state in table["states"].items()
        }
        unlisted = table.get("unlisted", {"is": ()})["is"]
        self._undocumented = {name: unlisted if after else () for name, after in self._next.items()}
        self._term = parse_duration(table["expires"]["is"])
        self._hypotheses = {_Hypothesis(_ABSENT, -_INFINITY, _INFINITY)}
        if submitted is not None:
            self._hypotheses = {_Hypothesis(self._initial, submitted, submitted)}
        self._open_calls: dict[int, tuple[str, float]] = {}
        self._call_count = 0

    def call_started(self, kind: str, at: float) -> int:
        """Note the start of a call.

        Args:
            kind: create, query or cancel.
            at: The time of its request.

        Returns:
            A number for `call_finished`.
        """
        self._call_count += 1
        self._open_calls[self._call_count] = (kind, at)
        return self._call_count

    def call_finished(self, call: int, at: float, report: Report) -> str:
        """Note the end of a call.

        Args:
            call: The number from `call_started`.
            at: The time of its response, or of its failure.
            report: The response.

        Returns:
            "" or the reason why no hypothesis allows the report.
        """
        hypotheses = self._advance(at)
        kind, _ = self._open_calls.pop(call)
        remaining = {item for item in hypotheses if report is None or (call, report) in item.decided}
        self._hypotheses = {_without_call(item, call) for item in remaining or hypotheses}
        return "" if remaining else f"{_describe(kind, report)}, but the task {self._describe_states(at)}"

    def observe(self, state: str, at: float) -> str:
        """Note a query whose request and response are simultaneous; see `call_finished`."""
        return self.call_finished(self.call_started("query", at), at, state)

    def allowed_states(self, at: float) -> frozenset[str]:
        """Return the states that a query may report at a time, without undocumented words."""
        call, before = self.call_started("query", at), self._hypotheses
        reports = {report for item in self._advance(at) for number, report in item.decided if number == call}
        self._hypotheses = before
        del self._open_calls[call]
        return frozenset(str(state) for state in reports if state in self._next)

    def _advance(self, now: float) -> set[_Hypothesis]:
        """Return all hypotheses that can follow from the current ones until now."""
        reached: set[_Hypothesis] = set()
        pending = [*self._hypotheses]
        while pending:
            hypothesis = pending.pop()
            if hypothesis not in reached:
                reached.add(hypothesis)
                pending += self._successors(hypothesis, now)
        return reached

    def _successors(self, hypothesis: _Hypothesis, now: float) -> Iterator[_Hypothesis]:
        for state in self._next.get(hypothesis.state, ()):
            yield hypothesis._replace(state=state)
        decided = {call for call, _ in hypothesis.decided}
        for call, (kind, sent) in self._open_calls.items():
            if call not in decided:
                for after, report in self._after_call(hypothesis, kind, sent, now):
                    yield after._replace(decided=after.decided | {(call, report)})

    def _after_call(
        self, hypothesis: _Hypothesis, kind: str, sent: float, now: float
    ) -> Iterator[tuple[_Hypothesis, Report]]:
        """Yield the possible effects of a call between two times, with the report."""
        if kind == "create":
            if hypothesis.state == _ABSENT:
                yield hypothesis, False
                yield (
                    _Hypothesis(self._initial, max(hypothesis.earliest, sent), now, hypothesis.decided),
                    True,
                )
            return
        for absent in self._given_absent(hypothesis, sent, now):
            yield absent, self._unknown if kind == "query" else False
        for present in self._given_present(hypothesis, sent):
            if kind == "query":
                yield from (
                    (present, state) for state in (hypothesis.state, *self._undocumented[hypothesis.state])
                )
            elif hypothesis.state in self._cancelable:
                yield present._replace(state=self._canceled), True
            else:
                yield present, False

    def _given_absent(self, hypothesis: _Hypothesis, sent: float, now: float) -> Iterator[_Hypothesis]:
        """Yield the hypothesis, narrowed to the case that the service did not have the task then."""
        if hypothesis.state == _ABSENT:
            yield hypothesis._replace(earliest=max(hypothesis.earliest, sent))
        else:
            yield from _between(hypothesis, hypothesis.earliest, min(hypothesis.latest, now - self._term))

    def _given_present(self, hypothesis: _Hypothesis, sent: float) -> Iterator[_Hypothesis]:
        """Yield the hypothesis, narrowed to the case that the service had the task then."""
        if hypothesis.state != _ABSENT:
            yield from _between(
                hypothesis, max(hypothesis.earliest, sent - self._term + _RESOLUTION), hypothesis.latest
            )

    def _describe_states(self, at: float) -> str:
        allowed = self.allowed_states(at)
        return "may be " + " or ".join(state for state in self._next if state in allowed)


def _between(hypothesis: _Hypothesis, earliest: float, latest: float) -> Iterator[_Hypothesis]:
    """Yield the hypothesis with these bounds; nothing if no time lies between them."""
    if round(latest - earliest, 6) >= 0:
        yield hypothesis._replace(earliest=earliest, latest=max(earliest, latest))


def _without_call(hypothesis: _Hypothesis, call: int) -> _Hypothesis:
    return hypothesis._replace(decided=frozenset(pair for pair in hypothesis.decided if pair[0] != call))


def _describe(kind: str, report: Report) -> str:
    if kind == "query":
        return f"{report} was reported"
    return f"a {kind} was {'accepted' if report else 'refused'}"
