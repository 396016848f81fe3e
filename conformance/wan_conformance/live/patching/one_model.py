"""A change of some models of a file: a variant of the rule, and the mode that selects these models."""

import re
from collections.abc import Mapping, Sequence

import yaml

from wan_conformance.live.patching.rule_lines import Way, default_of, limit_text, steps_to
from wan_conformance.live.patching.yaml_edits import UnwritableError, find_node, line_after, scalar
from wanlib.spec import Rule, Spec


def overridden(text: str, spec: Spec, old: Rule, way: Way, models: Sequence[str], evidence: str) -> str:
    """Return the text of a file with a changed rule for some models.

    Args:
        text: The text.
        spec: The spec.
        old: The rule as it is for the other models.
        way: The way to state the rule for these models.
        models: The models.
        evidence: The notes on the change.

    Raises:
        UnwritableError: The file cannot state it.
    """
    if not old.field or old.file == "wire.yaml":
        raise UnwritableError(f"it is not so for all models of the file, only for {', '.join(models)}")
    if old.condition is not None:
        raise UnwritableError(f"the variant {old.condition} must be split for {', '.join(models)}, by hand")
    *steps, kind = steps_to(spec, old)
    field = find_node(text, steps)
    if not isinstance(field, yaml.MappingNode):
        raise UnwritableError("no line states the field")
    parts = {"is": limit_text(way.rule), "outcome": way.rule.outcome, "notes": scalar(evidence)}
    if way.rule.outcome == old.outcome:
        del parts["outcome"]
    lines = {kind: "{" + ", ".join(f"{name}: {value}" for name, value in parts.items()) + "}"}
    if way.with_default:
        lines["default"] = scalar(default_of(way.rule))
    modes = find_node(text, ["modes"])
    name = _mode_name(spec, old, models, modes)
    text = line_after(text, field, f"when {name}", _flow(lines))
    mode = scalar(_expression(spec, old, models))
    modes = find_node(text, ["modes"])
    if isinstance(modes, yaml.MappingNode):
        return line_after(text, modes, name, mode)
    return text.replace("\nfields:\n", f"\nmodes:\n  {name}: {mode}\n\nfields:\n", 1)


def _flow(lines: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{name}: {value}" for name, value in lines.items()) + "}"


def _expression(spec: Spec, rule: Rule, models: Sequence[str]) -> str:
    """Return the mode of some models, without those in which another variant of the rule holds."""
    names = ", ".join(f'"{model}"' for model in models)
    parts = [f"model in ({names})" if len(models) > 1 else f"model == {names}"]
    for other in spec.rules.values():
        is_variant = (other.file, other.field, other.kind) == (rule.file, rule.field, rule.kind)
        if is_variant and other.condition is not None:
            parts.append(f"{'not ' if other.condition.wanted else ''}{other.condition.mode}")
    return " and ".join(parts)


def _mode_name(spec: Spec, rule: Rule, models: Sequence[str], modes: yaml.Node | None) -> str:
    """Return a name that no mode and no field has."""
    taken = {name for family in spec.families for name in family.field_names}
    if isinstance(modes, yaml.MappingNode):
        taken |= {key.value for key, _ in modes.value}
    base = "_".join(["only", re.sub(r"\W", "_", "_".join(models)), rule.kind])
    names = (f"{base}{'' if number == 1 else f'_{number}'}" for number in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken)
