"""What the parts of the harness share: cases, observations, verdicts. All frozen."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from wanlib.boundary.case import Case, Question
from wanlib.spec import Rule

VERDICTS = ("pass", "fail", "error", "known", "skip")
FAILING = frozenset({"fail", "error"})


@dataclass(frozen=True, slots=True)
class Strategy:
    """Many drawn questions that are told as one case: they pass together or fail by the least of them.

    each: (seed, how many, what to do with a case): draws them one by one, the same for the same seed.
    least: (seed, how many, whether a case fails) -> the smallest failing case that it can find, None
    where it finds none.
    """

    id: str
    rule: str | None
    draw: Callable[[int, int, Callable[[Case], object]], None]
    find_smallest: Callable[[int, int, Callable[[Case], bool]], Case | None]


@dataclass(frozen=True, slots=True)
class TaskCheck:
    """A scripted exchange about the life of a task, which targets that run tasks perform themselves.

    Attributes:
        id: unique in a run and the same in every run, as of a case.
        name: the check that is performed.
        model: the model whose task it is.
    """

    id: str
    name: str
    model: str
    rule: None = None


@dataclass(frozen=True, slots=True)
class ExpectedAnswer:
    """What is expected: whether this target lets the body through (None: left open), and the broken rules."""

    accepted: bool | None
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Observation:
    """What a target said.

    accepted: whether it let the body through. rules: the ids that it named, sorted, each once.
    error: why it failed to answer. skipped: why it can't express the question. unnamed: whether it is one
    that names no rules, so that `accepted` alone tells.
    """

    accepted: bool | None
    rules: tuple[str, ...]
    error: str | None = None
    skipped: str | None = None
    unnamed: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """One line of the log.

    verdict: one of VERDICTS. body: redacted, and only where the verdict is no pass.
    ms: what the target took. model: the model of the body, None where it names no known one.
    reason: why it was skipped, is known, or fails although the answer is right.
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


class Target(Protocol):
    """Something that follows the spec and can be asked.

    name: as `--target` has it. refuses: the outcomes that it doesn't let through.
    leaves_out: rules that it can't judge although it claims their kind: few, and each for a reason.
    """

    name: str
    refuses: frozenset[str]
    leaves_out: frozenset[str]

    def claims(self, kind: str) -> bool:
        """Whether it judges rules of this kind."""

    def observe(self, question: Question) -> Observation:
        """Its answer. What it raises is taken down as an error."""


@runtime_checkable
class TaskTarget(Protocol):
    """A target that runs tasks."""

    name: str

    def perform(self, check: TaskCheck) -> Observation:
        """Perform a check and return what it found."""


def expected_outcome(rule: str, rules: Mapping[str, Rule], body: Any) -> str:
    """Return the rule's outcome in this body; `rejected` for a rule that the spec lacks.

    The pages leave open what null does in an optional member.
    """
    if rule not in rules:
        return "rejected"
    null = rules[rule].kind == "type" and _is_optional(rule, rules) and _holds_null(body)
    return "unspecified" if null else rules[rule].outcome


def _is_optional(rule: str, rules: Mapping[str, Rule]) -> bool:
    """Whether a type rule is about a member that may be absent: no list item, never required."""
    path = rule.removesuffix(".type")
    return not path.endswith(".each") and f"{path}.required" not in rules


def _holds_null(value: Any) -> bool:
    if isinstance(value, dict | list):
        return any(map(_holds_null, value.values() if isinstance(value, dict) else value))
    return value is None
