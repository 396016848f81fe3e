"""The records and protocols that the parts of the harness share. All records are frozen.

`judge.py` explains how question, case, observation and verdict belong together. `Question` and `Case` are
in `wanlib.boundary.case`, since `wanlib explain` shows boundary cases without the harness.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from wanlib.boundary.case import Case, Question
from wanlib.spec import Rule

VERDICTS = ("pass", "fail", "error", "known", "skip")
FAILING = frozenset({"fail", "error"})
UNJUDGED = "coverage:"
"""The case ids of verdicts about a rule or check that was not judged begin with this."""


@dataclass(frozen=True, slots=True)
class Strategy:
    """Many generated questions that are reported as one case: they pass together or fail by the smallest one.

    Attributes:
        id: Unique in a run and the same in every run: `strategy:…`.
        rule: The id of the rule that it tests; None if it tests no single rule.
        draw: Called with (seed, count, handle): generates `count` cases, the same for the same seed, and
            passes each of them to `handle`.
        find_smallest: Called with (seed, count, fails): returns the smallest case for which `fails` is
            true; None if it finds none among `count` cases.
    """

    id: str
    rule: str | None
    draw: Callable[[int, int, Callable[[Case], object]], None]
    find_smallest: Callable[[int, int, Callable[[Case], bool]], Case | None]


@dataclass(frozen=True, slots=True)
class TaskCheck:
    """A scripted exchange about a server or the life of a task, performed by targets that run tasks.

    Attributes:
        id: Unique in a run and the same in every run: `server:…`, `task:…`.
        name: The check that is performed.
        model: The model whose task it is.
        rule: Always None: no single rule is tested.
    """

    id: str
    name: str
    model: str
    rule: None = None


@dataclass(frozen=True, slots=True)
class ExpectedAnswer:
    """The expected answer of a target to a case.

    Attributes:
        accepted: Whether the target should accept the body; None if the documents leave it open.
        rules: The ids of the violated rules that the target supports, sorted.
    """

    accepted: bool | None
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ServerAnswer:
    """The last response of a server to a case, for reports. Each text is redacted.

    Attributes:
        status: The HTTP status.
        code: The error code, of the response or of a failed task; None if it has none.
        message: The message of that code; None if it has none.
        request_id: The id by which the server finds the request; None if it sent none.
    """

    status: int
    code: str | None = None
    message: str | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """The result of a target for a question.

    Observations are equal if the target did the same; what reports show of the traffic does not count.

    Attributes:
        accepted: Whether it accepted the body; None if it returned nothing.
        rules: The ids of the rules that it named, sorted, each once.
        error: Why it returned nothing; None if it gave one.
        skipped: Why it cannot express the question; None if it can.
        unnamed: Whether it never names rules, so that only `accepted` counts.
        answer: The last response of a server; None for targets that are not servers.
        states: The states of its task, in the order in which they were seen, repetitions left out.
    """

    accepted: bool | None
    rules: tuple[str, ...]
    error: str | None = None
    skipped: str | None = None
    unnamed: bool = False
    answer: ServerAnswer | None = field(default=None, compare=False)
    states: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Reproduction:
    """The data for repeating a case on an implementation without the harness.

    Attributes:
        call: How the body is sent: `sync`, `async` or `stream`; None if that is left open.
        violates: The ids of all rules that the body violates, sorted.
        template: The body with macros in place of images and long texts, as vectors have it; None if macros
            cannot express it, or if it contains what no report shows, such as a signed URL.
    """

    call: str | None
    violates: tuple[str, ...]
    template: Any = None


@dataclass(frozen=True, slots=True)
class SizePoint:
    """The output size that a request asks for.

    Attributes:
        area: The index of the area of sizes that is allowed in the mode of the request, in the first line of
            the log.
        width: The width in pixels.
        height: The height in pixels.
    """

    area: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """One line of the log.

    Attributes:
        rule: The rule that the case tests; None if it tests no single rule.
        case: The id of the case.
        target: The name of the target.
        verdict: One of `VERDICTS`.
        expected: The answer that was expected of this target.
        observed: What the target did.
        body: The redacted body; None if the verdict is `pass`.
        seed: The random seed of the case.
        ms: The time that the target took, in milliseconds.
        model: The model of the body; None if it names no known model.
        reason: Why the case was skipped, is a known failure, or fails although the answer is right; else
            None.
        place: `file:line` of a case that was written by hand; None for others.
        reproduction: How to repeat a case that failed; None for verdicts of other kinds.
        size: The output size that the body asks for; None if it names none in pixels.
        is_smallest: False for a generated body that may not be the smallest one that fails, since the search
            for it was cut short or not made.
    """

    rule: str | None
    case: str
    target: str
    verdict: str
    expected: ExpectedAnswer
    observed: Observation
    body: Any = None
    seed: int = 0
    ms: float = 0.0
    model: str | None = None
    reason: str | None = None
    place: str | None = None
    reproduction: Reproduction | None = None
    size: SizePoint | None = None
    is_smallest: bool = True

    @property
    def is_check(self) -> bool:
        """Whether it is about a scripted check, of a server or of a task."""
        return self.case.startswith(("server:", "task:"))

    @property
    def is_unjudged(self) -> bool:
        """Whether it reports that a rule or check was not judged, which makes a failing run incomplete."""
        return self.case.startswith(UNJUDGED)


class Target(Protocol):
    """An implementation of the spec that the harness can question.

    Attributes:
        name: Its name for `--target`.
        refuses: The outcomes of violations that make it refuse a body.
        leaves_out: Ids of rules that it does not judge although it claims their kind.
    """

    name: str
    refuses: frozenset[str]
    leaves_out: frozenset[str]

    def claims(self, kind: str) -> bool:
        """Return whether it judges rules of this kind."""

    def observe(self, question: Question) -> Observation:
        """Return what it does with a question. An exception that it raises is recorded as an error."""


@runtime_checkable
class TaskTarget(Protocol):
    """A target that runs tasks.

    Attributes:
        name: Its name for `--target`.
        is_remote: Whether it is a server at a URL, where each request takes time and may cost money: no more
            are sent than the cases need.
    """

    name: str
    is_remote: bool

    def perform(self, check: TaskCheck) -> Observation:
        """Perform a check and return what it found."""


@runtime_checkable
class ClosableTarget(Protocol):
    """A target that has started something, which must end with the run.

    Attributes:
        name: Its name for `--target`.
    """

    name: str

    def finish(self) -> str | None:
        """Return the problem after the last question; None if there is none."""

    def close(self) -> None:
        """End what it has started. It can be called more than once."""


def expected_outcome(rule: str, rules: Mapping[str, Rule], body: Any) -> str:
    """Return the documented outcome of a rule for a body.

    Args:
        rule: The rule id.
        rules: The rules of the spec, by id.
        body: The request body, any JSON value.

    Returns:
        The outcome of the rule; `unspecified` for null in an optional member, which the documents leave
        open; `rejected` for a rule that the spec does not have.
    """
    if rule not in rules:
        return "rejected"
    null = rules[rule].kind == "type" and _is_optional(rule, rules) and _holds_null(body)
    return "unspecified" if null else rules[rule].outcome


def _is_optional(rule: str, rules: Mapping[str, Rule]) -> bool:
    """Return whether a type rule is about an optional member: not a list item and never required."""
    path = rule.removesuffix(".type")
    return not path.endswith(".each") and f"{path}.required" not in rules


def _holds_null(value: Any) -> bool:
    if isinstance(value, dict | list):
        return any(map(_holds_null, value.values() if isinstance(value, dict) else value))
    return value is None
