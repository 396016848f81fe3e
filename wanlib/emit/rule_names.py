"""Rule ids in generated code: plain text, or a constant where the message needs hints."""

from wanlib.base.rule_name import RuleName
from wanlib.emit.names import constant, literal
from wanlib.emit.plan import Plan
from wanlib.emit.writer import Writer
from wanlib.spec import Rule
from wanlib.spec.hints import named, stray_hints

STRAYS = "_STRAYS"


def reference(plan: Plan, rule: Rule) -> str:
    """Return how generated code names a rule."""
    name = named(plan.family, rule)
    return f"{constant(rule)}_RULE" if isinstance(name, RuleName) else repr(rule.id)


def write_rule_names(plan: Plan, out: Writer) -> None:
    """Write the constants that `reference` names."""
    out.line(f"{STRAYS} = _Hints({_stray_arguments(plan)})")
    rules = [rule for node in plan.form.walk() for rule in node.rules]
    rules += [rule for field in plan.family.walk() for rule in field.rules]
    rules += [rule for rule in (plan.family.unknown, plan.family.only_for) if rule]
    for rule in rules:
        name = named(plan.family, rule)
        if isinstance(name, RuleName):
            stray = rule.kind in ("unknown", "only_for")
            hints = STRAYS if stray else f"_Hints({literal(name.hints.when)}, {literal(name.hints.others)})"
            out.line(f"{constant(rule)}_RULE = _RuleName({rule.id!r}, {hints})")


def _stray_arguments(plan: Plan) -> str:
    hints = stray_hints(plan.family)
    parts = {"homes": dict(hints.homes), "sizes": hints.sizes, "instead": dict(hints.instead)}
    return ", ".join(f"{name}={literal(value)}" for name, value in parts.items())
