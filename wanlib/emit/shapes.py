"""Values that one quick test finds in order, as Python expressions."""

from wanlib.emit.names import constant
from wanlib.spec import Field, Rule

# Exact types where a subclass would mislead: true is an int for Python.
_PLAIN = {
    "integer": "type({v}) is int",
    "number": "(type({v}) is int or (type({v}) is float and {v} - {v} == 0))",
    "boolean": "isinstance({v}, bool)",
    "list": "isinstance({v}, list)",
    "object": "isinstance({v}, dict)",
    "percent": "(isinstance({v}, str) and _percent({v}) is not None)",
}


def plain_type(field: Field, variable: str) -> str:
    """The test by which a value is of a field's type; other forms of it are left to slower tests."""
    if rule := exact_decimals(field):
        return f"(isinstance({variable}, str) and {mismatch(rule)}({variable}) is None)"
    return _PLAIN.get(field.type, "isinstance({v}, str)").format(v=variable)


def other_type(field: Field, variable: str) -> str:
    """The test by which a value is not plainly of a field's type."""
    test = plain_type(field, variable)
    return test.replace(" is int", " is not int") if field.type == "integer" else f"not {test}"


def not_plain(field: Field, variable: str) -> str:
    """The test by which an image string is not plainly a URL that satisfies every rule."""
    test = glance(field, variable)
    return test.replace(" is None", " is not None") if test.endswith(" is None") else f"not {test}"


def glance(field: Field, variable: str) -> str:
    """The test by which an image string is plainly a URL that keeps every rule: nothing is known of it."""
    schemes = field.of_kind("schemes")
    if len(schemes) != 1 or schemes[0].condition:
        return "False"
    if field.of_kind("public") or field.of_kind("unexpired"):
        return f"{plain_urls(schemes[0])}({variable}) is None"
    test = f"{variable}.startswith({constant(schemes[0])}_URLS)"
    return f"({test} and {variable}.isascii())" if field.of_kind("chars") else test


def plain_urls(rule: Rule) -> str:
    """The constant with the function that finds plain public URLs, by the rule on schemes."""
    return f"_{constant(rule)}_PLAIN"


def is_fetched(field: Field, variable: str) -> str:
    """The test by which any other image string is a URL that keeps every rule; empty where a mode decides."""
    schemes, public, unexpired = (field.of_kind(kind) for kind in ("schemes", "public", "unexpired"))
    rules = (*schemes, *public, *unexpired)
    if not (public or unexpired) or any(rule.condition for rule in rules):
        return ""
    tests = [f"{variable}[:8].lower().startswith({constant(schemes[0])}_URLS)"]
    tests += [f"(local or not _unreachable({variable}, {constant(rule)}))" for rule in public]
    tests += [f"_expired({variable}, {constant(rule)}, now) is None" for rule in unexpired]
    tests += [f"{variable}.isascii()"] * bool(field.of_kind("chars"))
    return " and ".join(tests)


def exact_decimals(field: Field) -> Rule | None:
    """The rule on a percentage's decimals where there is one for all modes: a single pattern tells both."""
    rules = field.of_kind("decimals")
    return rules[0] if len(rules) == 1 and rules[0].condition is None else None


def matcher(rule: Rule) -> str:
    """What a text that keeps a rule is matched with: compiled from the rule's constant."""
    return f"_{constant(rule)}"


def mismatch(rule: Rule) -> str:
    """The function that gives None for a text that satisfies a rule, and a match for any other."""
    return f"_NOT_{constant(rule)}"


def summed(field: Field) -> tuple[Rule, Rule] | None:
    """The rules on a list's total and on its members' decimals, where whole numbers can be added up."""
    rules = field.of_kind("total")
    if len(rules) != 1 or rules[0].condition or field.each is None:
        return None
    decimals = next(exact_decimals(member) for member in field.each.members if member.name == rules[0].of)
    return (rules[0], decimals) if decimals else None


def is_box(field: Field) -> bool:
    """Whether a field is four whole numbers in order, with no more rules than a least coordinate."""
    if field.each is None or field.each.type != "integer":
        return False
    kinds = [rule.kind for rule in field.rules if rule.kind != "inside"]
    inner = [rule.kind for rule in field.each.rules]
    varied = any(rule.condition for rule in (*field.rules, *field.each.rules))
    return not varied and sorted(kinds) == ["count", "ordered", "type"] and set(inner) <= {"type", "min"}


def depth(field: Field) -> int:
    """How many lists a field's value lies in."""
    return field.path.split(".").count("each")
