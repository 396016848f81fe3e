"""Mode cases of a model: every possible combination of mode values, and field values that establish it.

Everything is derived from the modes of the spec; the module contains no model, field or number.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import product
from typing import Any

from wanlib.base.values import ABSENT
from wanlib.spec.model.mode_values import OTHER, SOME, mode_values, value_domains
from wanlib.spec.model.model import CALLS, DERIVED, Family, Field, Rule
from wanlib.spec.model.modes import Condition, given_key, holds
from wanlib.spec.model.spec import Spec

# Kinds of rules on fields that modes read. An invalid value may change the modes.
MODE_INPUT_KINDS = ("one_of", "min", "max", "step", "min_count", "max_count")
_STEPS = (1, 2, 7, 30)


@dataclass(frozen=True)
class ModeCase:
    """One combination of values of the modes of a model.

    Attributes:
        family: The family of the model.
        model: The name of the model.
        calls: The calls that the model supports.
        truths: The value of each mode.
        assignments: Every way to reach the combination: values of the fields that modes read (for a list,
            its length), and `call` if a mode reads it.
        required_paths: Paths of fields that must be present, and of lists that must not be empty.
        has_real_images: Whether every image is a real image file.
    """

    family: Family
    model: str
    calls: tuple[str, ...]
    truths: Mapping[str, bool]
    assignments: tuple[Mapping[str, Any], ...]
    required_paths: frozenset[str] = frozenset()
    has_real_images: bool = False

    def holds(self, condition: Condition | None) -> bool:
        """Return whether a condition holds; None always holds."""
        return condition is None or self.truths[condition.mode] is condition.wanted

    def active_rule(self, field: Field, kind: str) -> Rule | None:
        """Return the variant of a rule whose mode holds, else the rule without a condition, else None."""
        rules = sorted(field.rules_of_kind(kind), key=lambda rule: rule.condition is None)
        return next((rule for rule in rules if self.holds(rule.condition)), None)

    def limit(self, field: Field, kind: str, default: Any = None) -> Any:
        """Return the limit of the active rule of a kind, or `default` if there is none."""
        rule = self.active_rule(field, kind)
        return default if rule is None else rule.limit

    def default(self, field: Field) -> Any:
        """Return the default of a field in this mode; None if it is derived or not stated."""
        stated = [value for condition, value in field.default.items() if condition and self.holds(condition)]
        value = stated[0] if stated else field.default.get(None)
        return None if value == DERIVED else value

    def is_usable(self, field: Field) -> bool:
        """Return whether a field is allowed and has an effect."""
        return all(
            self.holds(rule.limit) for kind in ("effective", "needs") for rule in field.rules_of_kind(kind)
        )


def mode_cases(spec: Spec, model: str, broken: Rule | None = None) -> tuple[ModeCase, ...]:
    """Return all mode cases in which a request of a model can be valid.

    Args:
        spec: The spec.
        model: The name of the model.
        broken: A rule that the request violates: only mode cases in which it applies and can be violated are
            returned. None for valid requests.
    """
    family = spec.family(model)
    groups: dict[tuple[bool, ...], list[Mapping[str, Any]]] = {}
    for values in _combinations(spec, family, model, broken):
        values_of_modes = [holds(family.modes, mode, values) for mode in family.modes]
        groups.setdefault(tuple(state is True for state in values_of_modes), []).append(values)
    cases = []
    for states, group in groups.items():
        truths = dict(zip(family.modes, states, strict=True))
        candidate = ModeCase(family, model, (), truths, ())
        candidate = replace(candidate, calls=_calls(spec, candidate, broken))
        assignments = tuple(values for values in group if _is_allowed(candidate, values, broken))
        if assignments and candidate.calls and (broken is None or _applies(candidate, broken)):
            cases.append(replace(candidate, assignments=assignments))
    return tuple(cases)


def _candidate_calls(spec: Spec, model: str, broken: Rule | None) -> tuple[str, ...]:
    """Return the calls of a model; the calls that it lacks if the endpoint rule is to be violated."""
    offered = broken is None or broken.kind != "endpoints"
    return tuple(call for call in CALLS if (call in spec.calls(model)) is offered)


def _calls(spec: Spec, mode_case: ModeCase, broken: Rule | None) -> tuple[str, ...]:
    """Return the calls that are possible in a mode case, or those that violate a rule on calls."""
    calls = _candidate_calls(spec, mode_case.model, broken)
    rules = mode_case.family.call_rules
    return tuple(
        call
        for call in calls
        if (rules.get(call) is broken or broken is None or broken.kind != "only_in")
        and (call not in rules or mode_case.holds(rules[call].limit) is (rules[call] is not broken))
    )


def _combinations(spec: Spec, family: Family, model: str, broken: Rule | None) -> Iterator[Mapping[str, Any]]:
    candidates: dict[str, tuple[Any, ...]] = {}
    for name, values in value_domains(family, tuple(family.modes)).items():
        of_presence = tuple(value for value in values if value in (ABSENT, SOME))
        known = tuple(value for value in values if value not in of_presence)
        is_valued = SOME not in of_presence or (broken is not None and broken.field == name)
        valued = _candidate_values(spec, family, model, broken, name, known) if is_valued else ()
        candidates[name] = (*of_presence, *valued)
    for chosen in product(*candidates.values()):
        yield mode_values(family, dict(zip(candidates, chosen, strict=True)))


def _candidate_values(
    spec: Spec, family: Family, model: str, broken: Rule | None, name: str, known_values: tuple[Any, ...]
) -> tuple[Any, ...]:
    """Return the values to try for a name, including those that modes distinguish; the simplest first."""
    if name == "model":
        return (model,)
    if name == "call":
        return _candidate_calls(spec, model, broken)
    field = family.field(name)
    if broken is not None and broken.field == name and broken.kind in MODE_INPUT_KINDS:
        steps = [rule.limit for rule in field.rules_of_kind("step")]
        return tuple(_violating_values(broken, known_values, steps[0] if steps else 1))
    if field.type == "list":
        return tuple(
            range(max([*known_values, *(rule.limit for rule in field.rules_of_kind("max_count"))]) + 1)
        )
    words = {value: None for rule in field.rules_of_kind("one_of") for value in rule.limit}
    bounds = {rule.limit for kind in ("min", "max") for rule in field.rules_of_kind(kind)}
    if words and field.type != "boolean":
        return tuple(words)
    return tuple(sorted({*known_values, *bounds}, key=str))


def _violating_values(rule: Rule, known_values: tuple[Any, ...], step: float) -> Iterator[Any]:
    """Yield values that violate a rule; numbers are multiples of the step, unless the rule is the step."""
    if rule.kind in ("max", "max_count"):
        yield from (rule.limit + count * step for count in _STEPS)
    elif rule.kind in ("min", "min_count"):
        counts = (count for count in _STEPS if rule.kind == "min" or count <= rule.limit)
        yield from (rule.limit - count * step for count in counts)
    elif rule.kind == "step":
        part = 1 if isinstance(rule.limit, int) and rule.limit > 1 else rule.limit / 2
        numbers = (value + added for value in known_values for added in (0, part))
        yield from (number for number in numbers if not _is_satisfied(rule, number))
    elif not isinstance(rule.limit[0], str | bool):
        yield from (value + 1 for value in rule.limit if value + 1 not in rule.limit)
    else:
        others = known_values if isinstance(rule.limit[0], bool) else (*known_values, OTHER, "")
        yield from (value for value in others if value not in rule.limit)


def _is_allowed(mode_case: ModeCase, values: Mapping[str, Any], broken: Rule | None) -> bool:
    """Return whether values that modes read are allowed in the mode case that they establish."""
    if "call" in values and values["call"] not in mode_case.calls:
        return False
    for field in mode_case.family.fields:
        given = values.get(given_key(field.name))
        if given is False and mode_case.active_rule(field, "required") not in (None, broken):
            return False
        if given and not mode_case.is_usable(field):
            return False
        if values.get(field.name) is not None:
            value = values[field.name]
            absent = value == (0 if field.type == "list" else field.default.get(None))
            if not absent and not mode_case.is_usable(field):
                return False
            rules = (mode_case.active_rule(field, kind) for kind in MODE_INPUT_KINDS)
            if not all(_is_satisfied(rule, value) for rule in rules if rule and rule is not broken):
                return False
        if given and not can_be_given(mode_case, field, values, broken):
            return False
    return True


def can_be_given(
    mode_case: ModeCase, field: Field, values: Mapping[str, Any], broken: Rule | None = None
) -> bool:
    """Return whether values that modes read allow a field, by the rules `requires` and `excludes`.

    Args:
        mode_case: The mode case.
        field: A whole field.
        values: One of its assignments.
        broken: A rule that is not checked; None for none.
    """
    requires, excludes = (mode_case.active_rule(field, kind) for kind in ("requires", "excludes"))
    if excludes and excludes is not broken and any(_is_given(name, values) for name in excludes.limit):
        return False
    for other in mode_case.family.fields:
        rule = mode_case.active_rule(other, "excludes")
        if rule and rule is not broken and field.name in rule.limit and _is_given(other.name, values):
            return False
    if requires is None or requires is broken:
        return True
    companion = mode_case.family.field(requires.limit)
    return (
        mode_case.is_usable(companion)
        and _is_given(companion.name, values) is not False
        and can_be_given(mode_case, companion, values, broken)
    )


def _is_given(name: str, values: Mapping[str, Any]) -> bool | None:
    """Return whether a field is given with values that modes read; None if they do not determine it."""
    if given_key(name) in values:
        return bool(values[given_key(name)])
    return bool(values[name]) if isinstance(values.get(name), int) and name in values else None


def _is_satisfied(rule: Rule, value: Any) -> bool:
    if rule.kind == "one_of":
        return value in rule.limit
    if rule.kind == "step":
        return Decimal(str(value)) % Decimal(str(rule.limit)) == 0
    return bool(value >= rule.limit if rule.kind.startswith("min") else value <= rule.limit)


def _applies(mode_case: ModeCase, rule: Rule) -> bool:
    if rule.kind in ("effective", "needs"):
        return not mode_case.holds(rule.limit)
    if not rule.field:
        return True
    top = mode_case.family.field(rule.field.partition(".")[0])
    inner = next(field for field in mode_case.family.walk() if field.path == rule.field)
    return mode_case.is_usable(top) and mode_case.active_rule(inner, rule.kind) is rule
