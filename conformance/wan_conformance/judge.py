"""Turn a case and an observation into a verdict: the one place where a verdict is formed.

Theory
------
A conformance run compares the behaviour of an implementation with the spec. Four records keep the two apart
until the verdict:

* A **question** (`wanlib.boundary.case.Question`) is a request body and how it is sent. It is all that a
  target receives.
* A **case** (`wanlib.boundary.case.Case`) is a question together with the rules that its body violates,
  each with its documented outcome (`rejected`, `truncated`, `ignored`, `unspecified`).
* An **observation** (`model.Observation`) is the result of a target for the question: whether it accepted the
  body and which rules it named, or why it could not answer.
* A **verdict** (`model.Verdict`) is one line of the log: `pass`, `fail`, `error`, `known` or `skip`.

    source ──▶ Case ──▶ Question ──▶ target ──▶ Observation ──▶ judge ──▶ Verdict
                 └── violated rules, withheld from the target ───▲

**The target never receives the expected answer.** A target that did could agree with the harness by
accident or by construction: an adapter would need only one line to repeat the expectation, and a test of
the harness could not detect it. Withholding it makes every target replaceable by a third-party server or
program that is independent of this project, and makes each verdict reproducible from the log.

**The expectation depends on the target.** A target declares the kinds of rule that it can judge (`claims`),
the few rules that it cannot judge although it claims their kind (`leaves_out`), and the outcomes that make
it refuse a body (`refuses`). `expected_answer` restricts the violated rules of the case to those that the
target supports. So no target fails for a rule that it cannot judge, and the same case serves all targets.

**The set of rules must be exact.** A rule too many is as wrong as a rule too few: testing only whether one
rule is among those reported would pass a target that reports all rules for all bodies. A target that
cannot name rules (`Observation.unnamed`) is judged by whether it accepts the body; a body that it refuses
and that violates rules that it isn't judged by is skipped. Acceptance is left open (`None`) if the only
violations are `unspecified`.

**No answer is a failure.** An exception, `None` or an error text is an `error`, never a `skip`. Only a
target that explicitly cannot express the question skips it, and `engine.coverage` fails a run whose skips
leave a rule untested.

The functions are pure: they read no file, clock or spec. Known failures (`engine.known_failures`) are
applied later.
"""

from wan_conformance.model import ExpectedAnswer, Observation, Target, Verdict
from wanlib.base.identifiers import parse_rule_id
from wanlib.boundary.case import Case


def is_claimed(rule: str | None, target: Target) -> bool:
    """Return whether the target supports a rule.

    Args:
        rule: The rule id; None for a case that is not about a single rule, which every target supports.
        target: The target.
    """
    return rule is None or (rule not in target.leaves_out and target.claims(parse_rule_id(rule).kind))


def expected_answer(case: Case, target: Target) -> ExpectedAnswer:
    """Return the answer that this target should give to a case.

    Only the violated rules that the target supports count. `accepted` is False if one of their outcomes
    makes the target refuse, None if the documents leave it open, True otherwise.
    """
    violated = [(rule, outcome) for rule, outcome in case.breaks if is_claimed(rule, target)]
    outcomes = {outcome for _, outcome in violated}
    accepted = False if outcomes & target.refuses else None if "unspecified" in outcomes else True
    return ExpectedAnswer(accepted, tuple(sorted({rule for rule, _ in violated})))


def judge(case: Case, target: Target, observation: Observation | None) -> Verdict:
    """Return the verdict on one observation.

    Args:
        case: The case, with the rules that its body violates.
        target: The target.
        observation: The result of the target; None if it returned nothing.

    Returns:
        `skip` if the target does not support the rule or cannot express the question, `error` if it gave no
        answer, `pass` if it reported exactly the expected rules and accepted the body as expected, `fail`
        otherwise.
    """
    expected = expected_answer(case, target)
    if not is_claimed(case.rule, target):
        reason = f"not judged by {target.name}"
        return _verdict(case, target, "skip", expected, Observation(None, ()), reason)
    if not isinstance(observation, Observation):
        return _verdict(case, target, "error", expected, Observation(None, (), error="returned nothing"))
    if observation.error is not None:
        return _verdict(case, target, "error", expected, observation)
    if observation.skipped is not None:
        return _verdict(case, target, "skip", expected, observation, observation.skipped)
    if unclaimed := _possible_reasons(case, target, observation, expected):
        return _verdict(case, target, "skip", expected, observation, f"may be refused for {unclaimed}")
    same_rules = observation.unnamed or set(observation.rules) == set(expected.rules)
    same_acceptance = expected.accepted in (None, observation.accepted)
    return _verdict(case, target, "pass" if same_rules and same_acceptance else "fail", expected, observation)


def _possible_reasons(case: Case, target: Target, observation: Observation, expected: ExpectedAnswer) -> str:
    """Return the rules for which a target may rightly refuse a body although it isn't judged by them.

    They are "" unless the target refuses, without naming a rule, a body that it is expected to accept: only
    then is it unknown whether one of them is the reason.
    """
    if not observation.unnamed or observation.accepted is not False or expected.accepted is False:
        return ""
    rules = (rule for rule, outcome in case.breaks if outcome in target.refuses)
    return ", ".join(sorted(rule for rule in rules if not is_claimed(rule, target)))


def _verdict(
    case: Case,
    target: Target,
    verdict: str,
    expected: ExpectedAnswer,
    observed: Observation,
    reason: str | None = None,
) -> Verdict:
    return Verdict(
        case.rule, case.id, target.name, verdict, expected, observed, reason=reason, place=case.place
    )
