"""Run every case on every target, with one case in memory at a time."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import NamedTuple

from wan_conformance.engine.coverage import Coverage
from wan_conformance.engine.known_failures import KnownFailures
from wan_conformance.engine.smallest_search import SearchBudget
from wan_conformance.engine.sources import CaseSource, SourcePart, known_model
from wan_conformance.engine.strategy_runner import judge_strategy
from wan_conformance.judge import is_claimed, judge
from wan_conformance.model import (
    FAILING,
    ClosableTarget,
    ExpectedAnswer,
    Observation,
    Reproduction,
    Strategy,
    Target,
    TaskCheck,
    TaskTarget,
    Verdict,
)
from wan_conformance.report.causes.template import template_of
from wan_conformance.report.run_facts import SizeAreas
from wan_conformance.selection import Selection
from wanlib.base.redaction import redact_json, safe_repr
from wanlib.boundary.case import Case
from wanlib.spec import Rule


class DuplicateCaseError(ValueError):
    """Two cases of a run have the same id, so that a log could not distinguish them."""


class JudgedCase(NamedTuple):
    """A case with the verdicts of all targets.

    Attributes:
        source: The name of its source.
        step: Its step in the progress of the source.
        id: Its id.
        verdicts: The verdicts, in the order of the targets.
    """

    source: str
    step: str | None
    id: str
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True)
class Runner:
    """A run: its cases, its targets, and the known failures.

    Attributes:
        sources: Where the cases come from.
        targets: The targets to judge.
        models: All known model names.
        rules: The rules that must be covered.
        is_complete: Whether no case and no target was left out.
        selection: The cases that take part.
        known: The known failures.
        seed: The random seed of the strategies.
        examples: The number of examples that each strategy generates.
        may_skip: Globs over ids of rules and checks that may stay unjudged.
        search: Bounds the searches for the smallest bodies that fail.
        sizes: Finds the output size that a request asks for; None leaves sizes out of the verdicts.
        collect: Returns the sources with the cases of one part only; None if the cases are never distributed.
        shared: Judges all cases elsewhere; None judges them here.
        on_case: Called after each case.
    """

    sources: Sequence[CaseSource]
    targets: Sequence[Target]
    models: Sequence[str]
    rules: Sequence[Rule]
    is_complete: bool = True
    selection: Selection = field(default_factory=Selection)
    known: KnownFailures = field(default_factory=KnownFailures)
    seed: int = 0
    examples: int = 10
    may_skip: Sequence[str] = ()
    search: SearchBudget = field(default_factory=SearchBudget)
    sizes: SizeAreas | None = None
    collect: Callable[[SourcePart], Sequence[CaseSource]] | None = None
    shared: Callable[["Runner"], Iterator[JudgedCase]] | None = None
    on_case: Callable[[JudgedCase], None] = lambda case: None

    def verdicts(self) -> Iterator[Verdict]:
        """Yield all verdicts: of cases, of uncovered rules, of known failures that are out of date."""
        yield from self.case_verdicts()
        for target in self.targets:
            if isinstance(target, ClosableTarget) and (problem := target.finish()):
                yield self.known.apply(_ended_wrongly(target.name, problem))
        names = [target.name for target in self.targets]
        yield from self.known.outdated(names, self.selection, self.is_complete)

    def case_verdicts(self) -> Iterator[Verdict]:
        """Yield the verdicts of the cases and of uncovered rules; the targets stay open."""
        coverage = Coverage(self.may_skip)
        for verdict in self._judged():
            coverage.record(verdict)
            yield self.known.apply(verdict)
        for verdict in coverage.failures(self.rules, self.targets, self.is_complete):
            yield self.known.apply(verdict)

    def _judged(self) -> Iterator[Verdict]:
        case_ids: set[str] = set()
        for case in self._judged_cases(self.sources) if self.shared is None else self.shared(self):
            if case.id in case_ids:
                raise DuplicateCaseError(f"two cases have the id {case.id}")
            case_ids.add(case.id)
            yield from case.verdicts
            self.on_case(case)

    def judge_part(self, part: SourcePart) -> Iterator[JudgedCase]:
        """Yield the cases of a part with their verdicts."""
        return self._judged_cases(() if self.collect is None else self.collect(part))

    def _judged_cases(self, sources: Sequence[CaseSource]) -> Iterator[JudgedCase]:
        for source in sources:
            for case in source.cases:
                yield JudgedCase(source.name, source.step(case), case.id, tuple(self._case(case)))

    def _case(self, case: Case | Strategy | TaskCheck) -> Iterator[Verdict]:
        if isinstance(case, TaskCheck):
            yield from (self._task(case, target) for target in self.targets if isinstance(target, TaskTarget))
            return
        if isinstance(case, Strategy):
            yield from judge_strategy(
                case, self.targets, self.seed, self.examples, self.judge_case, self.search
            )
            return
        for target in self.targets:
            yield self.judge_case(case, target)

    def _task(self, check: TaskCheck, target: TaskTarget) -> Verdict:
        """Return the verdict for a check that a target performed."""
        observation, ms = _timed(lambda: target.perform(check))
        result = (
            "error"
            if observation.error is not None
            else "skip"
            if observation.skipped is not None
            else "pass"
        )
        return Verdict(
            None,
            check.id,
            target.name,
            result,
            ExpectedAnswer(True, ()),
            observation,
            seed=self.seed,
            ms=ms,
            model=check.model,
            reason=observation.skipped,
        )

    def judge_case(self, case: Case, target: Target) -> Verdict:
        """Return the verdict of one case on one target, with its redacted body, time and model."""
        observation, ms = _observed(case, target) if is_claimed(case.rule, target) else (None, 0.0)
        verdict = judge(case, target, observation)
        body, call = case.question.body, case.question.call
        return replace(
            verdict,
            body=None if verdict.verdict == "pass" else redact_json(body),
            reproduction=_reproduction(case) if verdict.verdict in FAILING else None,
            size=None if self.sizes is None or verdict.verdict == "skip" else self.sizes.point(body, call),
            seed=self.seed if case.seed is None else case.seed,
            ms=ms,
            model=known_model(body, self.models),
        )


def _reproduction(case: Case) -> Reproduction:
    violates = tuple(rule for rule, _ in case.breaks)
    return Reproduction(case.question.call, violates, template_of(case.question.body))


def _ended_wrongly(target: str, reason: str) -> Verdict:
    observed, expected = Observation(None, (), error=reason), ExpectedAnswer(None, ())
    return Verdict(None, f"end:{target}", target, "fail", expected, observed, reason=reason)


def _observed(case: Case, target: Target) -> tuple[Observation, float]:
    return _timed(lambda: target.observe(case.question))


def _timed(observe: Callable[[], Observation]) -> tuple[Observation, float]:
    """Return the observation and its time in ms. An exception becomes an error."""
    start = perf_counter()
    try:
        observation = observe()
    except Exception as error:
        observation = Observation(None, (), error=safe_repr(error))
    return observation, round((perf_counter() - start) * 1000, 3)
