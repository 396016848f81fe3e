"""Fields of calls: those of the bodies that the harness generates, read back from the wire."""

from typing import Any

from hypothesis import strategies as st
from wan_conformance.strategies import breaking, valid

from wanlib.base.values import ABSENT
from wanlib.boundary.case import Question
from wanlib.spec import Rule, Spec
from wanlib.spec.interpreter.decode import decode_body

_OF_THE_ENVELOPE = ("place", "unknown", "only_for")


def questions(spec: Spec) -> st.SearchStrategy[Question]:
    """Bodies that keep all rules, or break one on a field's value or presence."""
    broken = [breaking(spec, rule.id) for rule in spec.rules.values() if of_fields(rule)]
    kept = [valid(spec, model) for model in spec.models]
    return st.one_of(st.one_of(kept), st.one_of(broken))


def of_fields(rule: Rule) -> bool:
    """Whether fields alone can break a rule, however they are written."""
    return rule.scope == "body" and rule.file != "wire.yaml" and rule.kind not in _OF_THE_ENVELOPE


def read_back(spec: Spec, body: dict[str, Any]) -> dict[str, Any]:
    """The fields of a body whose envelope is whole."""
    family = spec.family(body["model"])
    reading = decode_body(family, spec.form(family), body)
    assert reading.violations == []
    return {name: value for name, value in reading.values.items() if value is not ABSENT}
