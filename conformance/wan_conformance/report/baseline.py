"""The accepted run, and the changes in a later one.

A baseline is a log without the data that varies between runs: its first line has the limits and facts of the
spec, and the coverage of the run if it is partial; each other line is a verdict. `compare` finds the changes
of the spec and attributes new and gone cases to them; any other change is a regression or news.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from wan_conformance.model import Verdict
from wan_conformance.report.log import VerdictLog, VerdictLogError, dump_line, verdict_to_json
from wan_conformance.report.spec_changes import SpecChange, spec_changes
from wan_conformance.selection import EVERYTHING, Selection, selection_from_json

_LEFT_OUT = (
    "ms",
    "seed",
    "body",
    "model",
    "place",
    "answer",
    "states",
    "size",
    "reproduction",
    "is_smallest",
)
_SPEC = ("rules", "facts")
_BY_HAND = "vector:"


def write_baseline(log: VerdictLog, path: Path) -> None:
    """Write the verdicts, sorted and without varying data: equal verdicts give equal bytes."""
    run = {name: log.run[name] for name in _SPEC}
    head = dump_line({"run": run | ({"covers": covers} if (covers := log.run.get("covers")) else {})})
    lines = sorted(log.verdicts, key=lambda verdict: (verdict.case, verdict.target))
    path.write_text(head + "".join(map(_line, lines)), encoding="ascii", newline="\n")


def _line(verdict: Verdict) -> str:
    return dump_line(
        {name: value for name, value in verdict_to_json(verdict).items() if name not in _LEFT_OUT}
    )


@dataclass(frozen=True, slots=True)
class VerdictChange:
    """A case whose verdict, or whose expected answer, has changed on a target.

    Attributes:
        case: The id of the case.
        target: The name of the target.
        old: The verdict before; None if there was none.
        new: The verdict now; None if there is none.
        rules: The rules that the case is about, before and now.
    """

    case: str
    target: str
    old: str | None
    new: str | None
    rules: tuple[str, ...] = ()

    @property
    def is_regression(self) -> bool:
        """Whether it passed before and no longer does."""
        return self.old == "pass" and self.new != "pass"

    @property
    def word(self) -> str:
        """The change of the case: `new`, `gone`, `changed`, or `moved` if the expected answer changed."""
        if self.old == self.new:
            return "moved"
        return "gone" if self.new is None else "new" if self.old is None else "changed"

    def __str__(self) -> str:
        verdicts = f"{self.old or 'none'} -> {self.new or 'none'}"
        return f"{self.word}: {self.target}: {self.case}: {verdicts}"


@dataclass(frozen=True, slots=True)
class RunComparison:
    """The changes between two runs.

    Attributes:
        spec: The changes of the spec, each with the affected cases.
        others: The other changes, regressions first.
        scopes: The coverage of each of the two runs, in words; empty if both cover everything.
    """

    spec: tuple[tuple[SpecChange, tuple[VerdictChange, ...]], ...]
    others: tuple[VerdictChange, ...]
    scopes: tuple[str, ...] = ()

    @property
    def regressions(self) -> int:
        """The number of regressions."""
        return sum(change.is_regression for change in self.others)


def compare(old: VerdictLog, new: VerdictLog) -> RunComparison:
    """Compare the common coverage of two runs.

    Args:
        old: The earlier log or baseline.
        new: The later log.

    Raises:
        VerdictLogError: The first line of a log has no limits and facts, or the two have no case in common.
    """
    for log, name in ((old, "the earlier log"), (new, "the later log")):
        if not all(part in log.run for part in _SPEC):
            raise VerdictLogError(
                f"{name} has no limits and facts in its first line; regenerate it (a baseline with --accept)"
            )
    scopes = scope_of(old), scope_of(new)
    before, after = _common_verdicts(old, new, scopes)
    if old.verdicts and new.verdicts and not before and not after:
        words = " and ".join(map(str, scopes))
        raise VerdictLogError(f"the two logs have no case in common; they cover {words}")
    changed = spec_changes(old.run, new.run, lambda rule: _is_common_rule(rule, old, new, scopes))
    moved: dict[SpecChange, list[VerdictChange]] = {change: [] for change in changed}
    others: list[VerdictChange] = []
    for change in _verdict_changes(before, after):
        cause = _cause(change, changed)
        if cause is not None:
            moved[cause].append(change)
        elif change.old != change.new:
            others.append(change)
    others.sort(key=lambda item: (not item.is_regression, item.case, item.target))
    return RunComparison(
        tuple((cause, tuple(cases)) for cause, cases in moved.items()),
        tuple(others),
        () if scopes == (EVERYTHING, EVERYTHING) else tuple(map(str, scopes)),
    )


def scope_of(log: VerdictLog) -> Selection:
    """Return the coverage of a run."""
    return selection_from_json(log.run.get("covers", {}))


_Verdicts = Mapping[tuple[str, str], Verdict]


def _common_verdicts(
    old: VerdictLog, new: VerdictLog, scopes: tuple[Selection, Selection]
) -> tuple[_Verdicts, _Verdicts]:
    """Return the verdicts of each log that the other run could also contain.

    If one run is about some models, a verdict without a model is compared only if both logs have it, and one
    about a rule only if both runs have the rule.
    """
    before, after = ({(item.case, item.target): item for item in log.verdicts} for log in (old, new))
    by_model = any(scope.models for scope in scopes)

    def is_common(item: Verdict) -> bool:
        key = item.case, item.target
        has_rule = item.rule is None or _is_common_rule(item.rule, old, new, scopes)
        is_certain = item.model is not None or not by_model or (key in before and key in after)
        return has_rule and is_certain and all(scope.covers(item) for scope in scopes)

    return (
        {key: item for key, item in before.items() if is_common(item)},
        {key: item for key, item in after.items() if is_common(item)},
    )


def _is_common_rule(rule: str, old: VerdictLog, new: VerdictLog, scopes: tuple[Selection, Selection]) -> bool:
    """Return whether both runs are about a rule; a run about some models has only their rules."""
    has_all = not any(scope.models for scope in scopes)
    is_in_both = rule in old.run["rules"] and rule in new.run["rules"]
    return (has_all or is_in_both) and all(scope.has_rule(rule) for scope in scopes)


def _cause(change: VerdictChange, changed: Sequence[SpecChange]) -> SpecChange | None:
    """Return the change of the spec that explains why a case is new, is gone or expects a different answer.

    A changed verdict has no such cause. A case that was written by hand moves only with its own rule; one
    that is made from the spec may also contain other limits of its field and its file.
    """
    if change.old != change.new and None not in (change.old, change.new):
        return None
    min_rank = 3 if change.case.startswith(_BY_HAND) else 1
    ranked = [(max((cause.explains(rule) for rule in change.rules), default=0), cause) for cause in changed]
    best = max(ranked, key=lambda pair: pair[0], default=(0, None))
    return best[1] if best[0] >= min_rank else None


def _verdict_changes(before: _Verdicts, after: _Verdicts) -> Iterator[VerdictChange]:
    for key in {**before, **after}:
        first, second = before.get(key), after.get(key)
        if first is None or second is None or _answer(first) != _answer(second):
            pair = [item for item in (first, second) if item is not None]
            rules = dict.fromkeys(rule for item in pair for rule in (item.rule, *item.expected.rules) if rule)
            yield VerdictChange(*key, _word(first), _word(second), tuple(rules))


def _word(verdict: Verdict | None) -> str | None:
    return None if verdict is None else verdict.verdict


def _answer(verdict: Verdict) -> object:
    return verdict.verdict, verdict.expected
