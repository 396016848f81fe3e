"""The violation of each kind as a Python test, and the tests of types.

These are written independently of `wanlib.spec.model.predicates`, on purpose: the harness compares them.
`{v}` is the variable with the value, `{c}` the constant with the limit, `{other}` the variable of the field
that a relation names, `{count}` the variable with that field's count, `{index}` the outermost index, `{all}`
the list of the values to add up. Size and image values come with their parsed forms: `_size`, `_uri`,
`_info`.
"""

from dataclasses import dataclass
from typing import NamedTuple

from wanlib.emit.python_text import Code, constant_name, interpolated
from wanlib.emit.validator.plan import FamilyLayout, part_positions
from wanlib.spec import Field, Node, Rule


class ViolationTest(NamedTuple):
    """The test of a violation, and the limit and value that it reports.

    guard: what must be true for the test to make sense; the fast path has checked it before.
    """

    test: str
    limit: str
    value: str
    guard: str = ""


_START = len("https://")  # the length of the longest prefix that decides the scheme of an image string
_URI = "_uri is not None"
_TEXT = "isinstance({v}, str)"
_FACTS = "_info is not None"
_SIDES = "_info is not None and _info.width is not None and _info.height is not None"

VIOLATION_TESTS: dict[str, ViolationTest] = {
    "one_of": ViolationTest("{v} not in {c}", "{c}", "{v}"),
    "not_blank": ViolationTest("_is_blank({v})", "True", "{v}"),
    "none_of": ViolationTest("{v} in {c}", "{c}", "{v}"),
    "count": ViolationTest("len({v}) != {c}", "{c}", "len({v})"),
    "min_count": ViolationTest("len({v}) < {c}", "{c}", "len({v})"),
    "max_count": ViolationTest("len({v}) > {c}", "{c}", "len({v})"),
    "max_chars": ViolationTest("len({v}) > {c}", "{c}", "len({v})"),
    "pattern": ViolationTest("_NOT_{c}({v}) is not None", "{c}", "{v}"),
    "decimals": ViolationTest('(len({v}) - {v}.find(".") - 2 if "." in {v} else 0) != {c}', "{c}", "{v}"),
    "min": ViolationTest("{v} < {c}", "{c}", "{v}"),
    "max": ViolationTest("{v} > {c}", "{c}", "{v}"),
    "step": ViolationTest("_is_off_step({v}, {c})", "{c}", "{v}"),
    "schemes": ViolationTest(
        f"not {{v}}[:{_START}].lower().startswith(_{{c}})", "{c}", "{v}", "isinstance({v}, str)"
    ),
    "chars": ViolationTest("_has_non_ascii_url({v})", "{c}", "{v}"),
    "public": ViolationTest("not local and _unreachable({v}, {c})", "{c}", "{v}", "isinstance({v}, str)"),
    "unexpired": ViolationTest(
        "(_expired_at := _expired({v}, {c}, now)) is not None", "{c}", "_expired_at", "isinstance({v}, str)"
    ),
    "encoding": ViolationTest("_uri.problem is not None", "{c}", "_uri.problem", _URI),
    "mime": ViolationTest(
        "(_expected := _mime_mismatch(_uri, {c})) is not None", "_expected", "_uri.mime", _URI
    ),
    "formats": ViolationTest(
        "not (_info.is_known and _info.format in {c})", "{c}", "_describe_format(_info)", _FACTS
    ),
    "max_bytes": ViolationTest("_info.bytes > {c}", "{c}", "_info.bytes", _FACTS),
    "keywords": ViolationTest("{v} not in {c}", "_{c}", "{v}"),
    "min_pixels": ViolationTest("_size[2] < {c}", "{c}", "{v}"),
    "max_pixels": ViolationTest("_size[2] > {c}", "{c}", "{v}"),
    "same_count_as": ViolationTest(
        "len({v}) != {count}", "{c}", "(len({v}), {count})", "{count} is not None"
    ),
    "same_pixels_as": ViolationTest("(_sizes := _size_mismatch({v}, {other})) is not None", "{c}", "_sizes"),
    "total": ViolationTest(
        "(_sum := _percent_sum_mismatch({all}, {c})) is not None", "{c}", "_sum", "len({all}) == len({v})"
    ),
    "ordered": ViolationTest("_corners_out_of_order({v})", "{c}", "{v}"),
    "inside": ViolationTest("(_box := _box_outside_image({v}, {other}, {index})) is not None", "{c}", "_box"),
}

# Kinds that apply to two types and read another variable for each.
TESTS_BY_TYPE: dict[tuple[str, str], ViolationTest] = {
    ("size", "min_ratio"): ViolationTest("_size[0] * {c}[1] < _size[1] * {c}[0]", "{c}", "{v}"),
    ("size", "max_ratio"): ViolationTest("_size[0] * {c}[1] > _size[1] * {c}[0]", "{c}", "{v}"),
    ("size", "min_side"): ViolationTest("min(_size[0], _size[1]) < {c}", "{c}", "{v}"),
    ("size", "max_side"): ViolationTest("max(_size[0], _size[1]) > {c}", "{c}", "{v}"),
    ("image", "min_side"): ViolationTest(
        "min(_info.width, _info.height) < {c}", "{c}", "_describe_size(_info)", _SIDES
    ),
    ("image", "max_side"): ViolationTest(
        "max(_info.width, _info.height) > {c}", "{c}", "_describe_size(_info)", _SIDES
    ),
    ("image", "min_ratio"): ViolationTest(
        "_info.width * {c}[1] < _info.height * {c}[0]", "{c}", "_describe_size(_info)", _SIDES
    ),
    ("image", "max_ratio"): ViolationTest(
        "_info.width * {c}[1] > _info.height * {c}[0]", "{c}", "_describe_size(_info)", _SIDES
    ),
}

# Kinds of rules on a size that no width*height can violate.
OF_KEYWORDS = ("keywords", "none_of")

# If one of these is violated, nothing else is checked about the value.
STOPS = frozenset({"schemes", "encoding"})


def violation_test(kind: str, of_type: str) -> ViolationTest:
    """Return the test for a kind of rule on a type."""
    return VIOLATION_TESTS[kind] if kind in VIOLATION_TESTS else TESTS_BY_TYPE[of_type, kind]


_INDEX = "{}"
"""The index of an item, in the code of a pointer to it."""

Pointer = tuple[str | Code, ...]


@dataclass(frozen=True, slots=True)
class PointerTemplate:
    """A JSON Pointer: names of members, and code for each index.

    Attributes:
        steps: The steps to the value.
        item: The steps to an item of a list whose index is not known yet.
    """

    steps: Pointer
    item: Pointer

    @classmethod
    def of(cls, *steps: str | Code) -> "PointerTemplate":
        """Return the place of these steps, with its items right below it."""
        return cls(steps, (*steps, Code(_INDEX)))

    @property
    def text(self) -> str:
        """The pointer as an expression."""
        return pointer_expression(*self.steps)

    def inner(self, step: str) -> "PointerTemplate":
        """Return the place of a member below."""
        return PointerTemplate.of(*self.steps, step)

    def at(self, index: str) -> "PointerTemplate":
        """Return the place of an item. index: the variable with its index."""
        steps = (
            Code(step.text.replace(_INDEX, index)) if isinstance(step, Code) else step for step in self.item
        )
        return PointerTemplate.of(*steps)


def pointer_expression(*steps: str | Code) -> str:
    """Return the expression of a pointer with these steps."""
    return interpolated([part for step in steps for part in ("/", step)])


def pointer_templates(plan: FamilyLayout) -> dict[str, PointerTemplate]:
    """Return the place of each field of a family by name."""
    templates: dict[str, PointerTemplate] = {}
    _walk(plan, plan.form, (), templates)
    for field in plan.placed:
        templates[field.name] = PointerTemplate.of(*(field.place or "").split("/"), field.wire_name)
    return templates


def _walk(plan: FamilyLayout, node: Node, path: Pointer, templates: dict[str, PointerTemplate]) -> None:
    if node.form == "leaf":
        templates[node.field] = PointerTemplate(path, path) if node.only else PointerTemplate.of(*path)
    elif node.form == "rest":
        for field in plan.rest:
            templates[field.name] = PointerTemplate.of(*path, field.wire_name)
    elif node.form == "parts":
        for name, part in node.parts:
            if plan.family.field(part).type == "list":
                templates[part] = PointerTemplate(
                    path, (*path, Code(f"{part_positions(part)}[{_INDEX}]"), name)
                )
            else:
                templates[part] = PointerTemplate((*path, Code(part_positions(part)), name), ())
    for name, child in node.members:
        _walk(plan, child, (*path, name), templates)
    if node.each:
        _walk(plan, node.each, (*path, "0"), templates)


# Exact types where a subclass would mislead: in Python, a bool is an int.
_PLAIN = {
    "integer": "type({v}) is int",
    "number": "(type({v}) is int or (type({v}) is float and {v} - {v} == 0))",
    "boolean": "isinstance({v}, bool)",
    "list": "isinstance({v}, list)",
    "object": "isinstance({v}, dict)",
    "percent": "(isinstance({v}, str) and _percent({v}) is not None)",
}


def exact_type_test(field: Field, variable: str) -> str:
    """Return the test that a value has a field's type in its usual form; slower tests handle others."""
    if rule := exact_decimals(field):
        return f"(isinstance({variable}, str) and {mismatch(rule)}({variable}) is None)"
    return _PLAIN.get(field.type, "isinstance({v}, str)").format(v=variable)


def wrong_type_test(field: Field, variable: str) -> str:
    """Return the test that a value does not have a field's type in its usual form."""
    test = exact_type_test(field, variable)
    return test.replace(" is int", " is not int") if field.type == "integer" else f"not {test}"


def not_plain(field: Field, variable: str) -> str:
    """Return the test that an image string may be more than a plain URL that satisfies every rule."""
    test = is_plain_url_test(field, variable)
    return test.replace(" is None", " is not None") if test.endswith(" is None") else f"not {test}"


def is_plain_url_test(field: Field, variable: str) -> str:
    """Return the test that an image string is a plain URL that satisfies every rule."""
    schemes = field.rules_of_kind("schemes")
    if len(schemes) != 1 or schemes[0].condition:
        return "False"
    if field.rules_of_kind("public") or field.rules_of_kind("unexpired"):
        return f"{plain_urls(schemes[0])}({variable}) is None"
    test = f"{variable}.startswith({constant_name(schemes[0])}_URLS)"
    return f"({test} and {variable}.isascii())" if field.rules_of_kind("chars") else test


def plain_urls(rule: Rule) -> str:
    """Return the constant with the function that finds plain public URLs, by the rule on schemes."""
    return f"_{constant_name(rule)}_PLAIN"


def is_fetched(field: Field, variable: str) -> str:
    """Return the test that any other image string is a legal URL; empty if a mode decides."""
    schemes, public, unexpired = (field.rules_of_kind(kind) for kind in ("schemes", "public", "unexpired"))
    rules = (*schemes, *public, *unexpired)
    if not (public or unexpired) or any(rule.condition for rule in rules):
        return ""
    tests = [f"{variable}[:8].lower().startswith({constant_name(schemes[0])}_URLS)"]
    tests += [f"(local or not _unreachable({variable}, {constant_name(rule)}))" for rule in public]
    tests += [f"_expired({variable}, {constant_name(rule)}, now) is None" for rule in unexpired]
    tests += [f"{variable}.isascii()"] * bool(field.rules_of_kind("chars"))
    return " and ".join(tests)


def exact_decimals(field: Field) -> Rule | None:
    """Return the rule on a percentage's decimals if it is the same in all modes, else None."""
    rules = field.rules_of_kind("decimals")
    return rules[0] if len(rules) == 1 and rules[0].condition is None else None


def full_match(rule: Rule) -> str:
    """Return the constant that is derived from a rule's constant for faster tests."""
    return f"_{constant_name(rule)}"


def mismatch(rule: Rule) -> str:
    """Return the function that returns None for a text that satisfies a rule, else a match."""
    return f"_NOT_{constant_name(rule)}"


def scaled(rule: Rule) -> str:
    """Return the table of percentages as integers, for percentages with exact decimals."""
    return f"_SCALED_{constant_name(rule)}"


def sum_rules(field: Field) -> tuple[Rule, Rule] | None:
    """Return the rules on a list's total and on its decimals, if integers can be added up."""
    rules = field.rules_of_kind("total")
    if len(rules) != 1 or rules[0].condition or field.each is None:
        return None
    decimals = next(exact_decimals(member) for member in field.each.members if member.name == rules[0].of)
    return (rules[0], decimals) if decimals else None


def is_box(field: Field) -> bool:
    """Return True if a field is four ordered integers whose only other rule is a minimum."""
    if field.each is None or field.each.type != "integer":
        return False
    kinds = [rule.kind for rule in field.rules if rule.kind != "inside"]
    inner = [rule.kind for rule in field.each.rules]
    varied = any(rule.condition for rule in (*field.rules, *field.each.rules))
    return not varied and sorted(kinds) == ["count", "ordered", "type"] and set(inner) <= {"type", "min"}


def list_depth(field: Field) -> int:
    """Return the number of lists around a field's value."""
    return field.path.split(".").count("each")
