"""Case and observation to verdict: the only place where an opinion is formed."""

from wan_conformance.model import ExpectedAnswer, Observation, Target, Verdict
from wanlib.base.rule_id import parse_rule_id
from wanlib.boundary.case import Case


def is_claimed(rule: str | None, target: Target) -> bool:
    """Whether a target answers for a rule: it claims its kind and can say it. None is about no one rule."""
    return rule is None or (rule not in target.leaves_out and target.claims(parse_rule_id(rule).kind))


def expected_answer(case: Case, target: Target) -> ExpectedAnswer:
    """The answer due from this target: what it doesn't claim it needn't see."""
    breaks = [(rule, outcome) for rule, outcome in case.breaks if is_claimed(rule, target)]
    outcomes = {outcome for _, outcome in breaks}
    accepted = False if outcomes & target.refuses else None if "unspecified" in outcomes else True
    return ExpectedAnswer(accepted, tuple(sorted({rule for rule, _ in breaks})))


def judge(case: Case, target: Target, seen: Observation | None) -> Verdict:
    """The verdict on one answer; `seen` is None where the target gave none.

    The rules must be the exact set that is due: one too many is as wrong as one too few. A target that
    names none is judged by what it lets through.
    """
    due = expected_answer(case, target)
    if not is_claimed(case.rule, target):
        return _verdict(case, target, "skip", due, Observation(None, ()), f"not judged by {target.name}")
    if not isinstance(seen, Observation):
        return _verdict(case, target, "error", due, Observation(None, (), error="gave no answer"))
    if seen.error is not None:
        return _verdict(case, target, "error", due, seen)
    if seen.skipped is not None:
        return _verdict(case, target, "skip", due, seen, seen.skipped)
    right = (seen.unnamed or set(seen.rules) == set(due.rules)) and due.accepted in (None, seen.accepted)
    return _verdict(case, target, "pass" if right else "fail", due, seen)


def _verdict(
    case: Case,
    target: Target,
    verdict: str,
    due: ExpectedAnswer,
    seen: Observation,
    reason: str | None = None,
) -> Verdict:
    return Verdict(case.rule, case.id, target.name, verdict, due, seen, reason=reason)
