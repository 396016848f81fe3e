"""Check a request body against the Spec, by walking Spec and body in parallel.

How a body is read
------------------

1. **Decode** (`decode.py`). The body form of the model states where each field is in the JSON. Decoding
yields
   a value and a JSON Pointer for each field, and the violations of the envelope itself: missing containers,
   wrong types of containers, unknown members. A field below a broken container is `UNDETERMINED`: it is
   neither checked nor counted, because the intended value is not known.
2. **Modes** (`model/modes.py`). The effective values of the fields decide which modes hold. A mode that
   reads an unknown value is itself unknown (None); see below.
3. **Check** (this module). Each field is checked in the order of the spec, and each value in four stages
   (`wanlib.spec.model.kinds`):

   | stage | kinds | if violated |
   |---|---|---|
   | PRESENCE | `required`, `effective`, `needs`, `requires`, `excludes` | the first two end the check |
   | TYPE | `type` | ends the check of this value |
   | BOUND | limits on the value alone | all are reported; `schemes` and `encoding` hide the later ones |
   | RELATION | limits that compare values | checked only if no bound is violated |

   Items and members are checked between BOUND and RELATION, in the same way.

Which rule is in force
----------------------

The rules of one kind on one field are a base rule and variants, each with the mode in which it holds. The
variants exclude each other (the loader proves this), so at most one is in force. The base rule is in force
only if no variant can hold.

Unknown facts
-------------

Three-valued (Kleene) logic runs through all stages: a condition is True, False or None (unknown). The size
of an image behind a URL, the kind of call of a bare body, and a value of the wrong type are unknown. A rule
is reported only if it is certainly violated: a variant whose mode is unknown is not in force, it keeps the
base rule out of force as well, and a predicate on an unknown fact reports nothing. So a violation is never a
guess; a body without violations may still be refused by the service.

Why there are two readings
--------------------------

The same spec is read twice: `wanlib.emit` generates Python from it (`wanlib.check`), and this package
interprets it. They share the parsed Spec and the readers of bytes (`wanlib.validation`), but no predicate
and no walk. The tests and `wan-conformance` compare the two on every case, so a mistake in either one shows
as a disagreement. Do not move code from one to the other.

Plain over fast
---------------

This reading is meant to be compared with the spec by eye. An earlier version compiled each family to
closures that answered "is valid" before the walk; that was a third implementation of the same rules, with
its own tests, and it was removed. Cost, measured with timeit (best of 7 runs of 2000 calls, two shared
cores, Python 3.11, 2026-11), for a call with two images (one a data URI) and a box list: 124 → 204 µs
without violations, 187 → 213 µs with eight. Where speed matters, use the generated validator.
"""

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from wanlib.base.urls import unix_seconds
from wanlib.base.values import ABSENT, UNDETERMINED
from wanlib.base.violation import Violation
from wanlib.spec.interpreter.decode import DecodedBody, decode_body, mode_inputs
from wanlib.spec.model.hints import describe, named
from wanlib.spec.model.kinds import BOUND, KINDS, RELATION
from wanlib.spec.model.model import Family, Field, Rule
from wanlib.spec.model.modes import Condition, ModeState
from wanlib.spec.model.predicates import TYPE_CHECKS, violated_limit
from wanlib.spec.model.spec import Spec
from wanlib.validation.image_header import ImageInfo, escape_json_pointer

_STOPPING_KINDS = ("schemes", "encoding")
"""Bounds that hide the later ones: nothing else is known about an image that violates them."""


def interpret(
    spec: Spec,
    body: Any,
    call: str | None = None,
    decoded: DecodedBody | None = None,
    *,
    local: bool = False,
    now: float | datetime | None = None,
) -> list[Violation]:
    """Return all violations of a wire body, in spec order. Any JSON value is accepted.

    Args:
        spec: The rules.
        body: The parsed JSON.
        call: `sync`, `async` or `stream`; None if it is not known.
        decoded: The fields of the body, if it was decoded before; None decodes it.
        local: Whether to lift the rule that image URLs are public.
        now: The time by which signed URLs expire, in Unix seconds or as a datetime with a timezone; None
            reads the clock.

    Returns:
        The violations, envelope first, then fields; empty if no rule is certainly violated.
    """
    named_model = body.get("model") if isinstance(body, dict) else None
    model = spec.base(named_model)
    if model is None:
        path = "/model" if isinstance(body, dict) else ""
        return [Violation("wire/model", "rejected", path, spec.models, named_model)]
    violations = []
    calls = spec.rules["wire/endpoints"].limit[model]
    if call is not None and call not in calls:
        violations.append(Violation("wire/endpoints", "rejected", "/model", calls, call))
    family = spec.family(model)
    form = spec.form(family)
    decoded = decoded or decode_body(family, form, body)
    modes = ModeState(family.compiled_modes, mode_inputs(family, decoded) | {"model": model, "call": call})
    interpreter = _Interpreter(family, decoded, modes, local, now)
    return violations + decoded.violations + interpreter.run(form.part_fields, call)


class _Interpreter:
    """The check of one decoded body, and the `BodyContext` of its predicates."""

    def __init__(
        self,
        family: Family,
        decoded: DecodedBody,
        modes: ModeState,
        local: bool,
        now: float | datetime | None,
    ) -> None:
        self.local = local
        self._family = family
        self._decoded = decoded
        self._modes = modes
        self._now = None if now is None else unix_seconds(now)
        self._item_index = 0
        self._violations: list[Violation] = []

    def run(self, part_fields: frozenset[str], call: str | None) -> list[Violation]:
        """Return the violations of the call and of all fields; in `part_fields`, null is an item."""
        rule = self._family.call_rules.get(call or "")
        if rule and self._holds(rule.limit) is False:
            self._report(rule, "/model", describe(self._family, rule.limit), call)
        values, paths = self._decoded.values, self._decoded.paths
        for field in self._family.fields:
            name = field.name
            self._check_value(field, values[name], paths[name], is_item=name in part_fields)
        return self._violations

    # BodyContext: data for predicates about the rest of the body.

    def count(self, name: str) -> int | None:
        """Return the number of items of a list, 0 if it is absent; None if unknown."""
        value = self._decoded.values[name]
        return 0 if value is ABSENT else len(value) if isinstance(value, list) else None

    def facts(self, name: str, index: int) -> ImageInfo | None:
        """Return the known properties of an image in a list field; None if there are none."""
        value = self._decoded.values[name]
        if not isinstance(value, list) or index >= len(value) or not isinstance(value[index], str):
            return None
        return self._decoded.image(value[index]).facts

    def index(self) -> int:
        """Return the index of the current item in the outermost list."""
        return self._item_index

    def now(self) -> float:
        """Return the time by which signatures expire, in Unix seconds."""
        if self._now is None:
            self._now = time.time()
        return self._now

    # Conditions.

    def _holds(self, condition: Condition) -> bool | None:
        state = self._modes.holds(condition.mode)
        return None if state is None else state is condition.wanted

    def _active_rule(self, rules: Sequence[Rule]) -> Rule | None:
        """Return the variant that holds, or the base if no variant can hold."""
        base = None
        is_base_active = True
        for rule in rules:
            if rule.condition is None:
                base = rule
            elif (state := self._holds(rule.condition)) is True:
                return rule
            elif state is None:
                is_base_active = False
        return base if is_base_active else None

    # One value.

    def _check_value(self, field: Field, value: Any, path: str, is_item: bool = False) -> None:
        """Check a value and its content; null counts as absent unless it is an item."""
        if value is UNDETERMINED:
            return
        if value is ABSENT or (value is None and not is_item):
            if rule := self._active_rule(field.rules_of_kind("required")):
                self._report(rule, path, True, None)
                return
            if value is ABSENT:
                return
        for rule in field.rules_of_kind("effective"):
            if self._holds(rule.limit) is False:
                self._report(rule, path, describe(self._family, rule.limit), value)
                return
        for rule in field.rules_of_kind("needs"):
            if self._holds(rule.limit) is False:
                self._report(rule, path, describe(self._family, rule.limit), value)
        self._check_companions(field, value, path)
        if not TYPE_CHECKS[field.type](value):
            self._report_type(field, path, value, is_item)
            return
        subject = self._decoded.image(value) if field.type == "image" else value
        is_satisfied = self._check_stage(field, BOUND, subject, path)
        if field.each:
            self._check_items(field, field.each, value, path)
        if field.type == "object":
            self._check_members(field, value, path)
        if is_satisfied:
            self._check_stage(field, RELATION, subject, path)

    def _check_companions(self, field: Field, value: Any, path: str) -> None:
        """Check the rules on other fields for a field that is given; an empty list counts as absent."""
        if field.type == "list" and value == []:
            return
        requires = self._active_rule(field.rules_of_kind("requires"))
        if requires and self._is_given(requires.limit) is False:
            self._report(requires, path, requires.limit, value)
        excludes = self._active_rule(field.rules_of_kind("excludes"))
        if excludes and (given := tuple(name for name in excludes.limit if self._is_given(name))):
            self._report(excludes, path, excludes.limit, given)

    def _is_given(self, name: str) -> bool | None:
        """Return whether a field is in the body (a list: with an item); None if that is unknown."""
        value = self._decoded.values[name]
        if value is UNDETERMINED or value is None:
            return None
        is_empty = value == [] and self._family.field(name).type == "list"
        return value is not ABSENT and not is_empty

    def _check_stage(self, field: Field, stage: int, subject: Any, path: str) -> bool:
        """Check the rules of one stage; return whether all are satisfied."""
        is_satisfied = True
        for kind, rules in field.rules_by_kind.items():
            if KINDS[kind].stage != stage or (rule := self._active_rule(rules)) is None:
                continue
            if violated := violated_limit(rule, field.type, subject, self):
                is_satisfied = False
                self._report(rule, path, *violated)
                if kind in _STOPPING_KINDS:
                    break
        return is_satisfied

    def _check_items(self, field: Field, item: Field, value: list[Any], path: str) -> None:
        paths = self._decoded.item_paths.get(field.name)
        for index, item_value in enumerate(value):
            if field.is_outermost_list:
                self._item_index = index
            self._check_value(item, item_value, paths[index] if paths else f"{path}/{index}", is_item=True)

    def _check_members(self, field: Field, value: dict[str, Any], path: str) -> None:
        for member in field.members:
            self._check_value(member, value.get(member.name, ABSENT), f"{path}/{member.name}")
        known = tuple(member.name for member in field.members)
        for rule in field.rules_of_kind("unknown"):
            for key in value:
                if key not in known:
                    self._report(rule, f"{path}/{escape_json_pointer(key)}", known, key)

    def _report(self, rule: Rule, path: str, limit: Any, value: Any) -> None:
        self._violations.append(Violation(named(self._family, rule), rule.outcome, path, limit, value))

    def _report_type(self, field: Field, path: str, value: Any, is_item: bool) -> None:
        """Report a wrong type, by the rule on items if no body has the field as a list."""
        item_rules = field.each.rules_of_kind("type") if field.each else ()
        rule = (field.rules_of_kind("type") or item_rules)[0]
        outcome = "unspecified" if value is None and not is_item else rule.outcome
        self._violations.append(Violation(rule.id, outcome, path, rule.limit, value))
