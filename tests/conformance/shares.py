"""Generated questions, and the share of them in each mode and with each keyword."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from wanlib.base.values import ABSENT
from wanlib.boundary.case import Question
from wanlib.spec import Spec
from wanlib.spec.interpreter.decode import decode_body
from wanlib.spec.model.modes import holds

SETTINGS = settings(
    database=None,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def drawn(strategy: st.SearchStrategy[Any], count: int) -> list[Any]:
    """This many examples, the same ones every time."""
    examples: list[Any] = []

    @settings(SETTINGS, max_examples=count)
    @given(strategy)
    def take(example: Any) -> None:
        examples.append(example)

    take()
    return examples


def shares(spec: Spec, questions: Iterable[Question]) -> dict[str, float]:
    """By `mode`, `not mode` and `rule id=keyword` the share of the questions, all of one family."""
    counts: Counter[str] = Counter()
    total = 0
    for question in questions:
        total += 1
        family = spec.family(question.body["model"])
        values = _effective(spec, question)
        truths = {mode: holds(family.modes, mode, values) for mode in family.modes}
        counts.update(mode if truth else f"not {mode}" for mode, truth in truths.items())
        for field in family.fields:
            for rule in field.rules_of_kind("keywords"):
                if rule.condition is None or truths[rule.condition.mode] is rule.condition.wanted:
                    counts[f"{rule.id}={values[field.name]}"] += 1
    return {name: count / total for name, count in counts.items()}


def wanted(spec: Spec, family: str) -> set[str]:
    """The expected `shares` of a family: each mode both ways, each keyword of each variant."""
    (family_spec,) = (candidate for candidate in spec.families if candidate.name == family)
    names = {f"{word}{mode}" for mode in family_spec.modes for word in ("", "not ")}
    rules = [rule for field in family_spec.fields for rule in field.rules_of_kind("keywords")]
    return names | {f"{rule.id}={keyword}" for rule in rules for keyword in rule.limit}


def _effective(spec: Spec, question: Question) -> dict[str, Any]:
    family = spec.family(question.body["model"])
    reading = decode_body(family, spec.form(family), question.body)
    values: dict[str, Any] = {"model": question.body["model"], "call": question.call}
    for field in family.fields:
        value = reading.values[field.name]
        if field.type == "list":
            values[field.name] = 0 if value is ABSENT else len(value)
        else:
            values[field.name] = field.default.get(None) if value is ABSENT else value
    return values
