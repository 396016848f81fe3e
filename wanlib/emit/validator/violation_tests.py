"""What breaks each kind, as Python: written once more than the predicates, on purpose.

`{v}` is the variable with the value, `{c}` the constant with the limit, `{other}` the variable of
the field that a relation names, `{count}` the one with that field's count, `{index}` the outermost
index, `{all}` the list of what is added up. Size and image values come with what was read from
them: `_size`, `_uri`, `_info`.
"""

from dataclasses import dataclass
from typing import NamedTuple

from wanlib.emit.validator.plan import FamilyLayout
from wanlib.emit.validator.report_body import part_positions
from wanlib.spec import Node


class ViolationTest(NamedTuple):
    """When a rule is broken, and the limit and value that its violation tells.

    given: what must hold for the test to make sense; the fast path has made sure of it before.
    """

    test: str
    limit: str
    value: str
    given: str = ""


_START = len("https://")  # no image string begins with more than this to tell its scheme
_URI = "_uri is not None"
_TEXT = "isinstance({v}, str)"
_FACTS = "_info is not None"
_SIDES = "_info is not None and _info.width is not None and _info.height is not None"

BREACHES: dict[str, ViolationTest] = {
    "one_of": ViolationTest("{v} not in {c}", "{c}", "{v}"),
    "not_blank": ViolationTest("_is_blank({v})", "True", "{v}"),
    "excludes": ViolationTest("{v} in {c}", "{c}", "{v}"),
    "count": ViolationTest("len({v}) != {c}", "{c}", "len({v})"),
    "min_count": ViolationTest("len({v}) < {c}", "{c}", "len({v})"),
    "max_count": ViolationTest("len({v}) > {c}", "{c}", "len({v})"),
    "max_chars": ViolationTest("len({v}) > {c}", "{c}", "len({v})"),
    "pattern": ViolationTest("_NOT_{c}({v}) is not None", "{c}", "{v}"),
    "decimals": ViolationTest('(len({v}) - {v}.find(".") - 2 if "." in {v} else 0) != {c}', "{c}", "{v}"),
    "min": ViolationTest("{v} < {c}", "{c}", "{v}"),
    "max": ViolationTest("{v} > {c}", "{c}", "{v}"),
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
    "min_side": ViolationTest("min(_info.width, _info.height) < {c}", "{c}", "_describe_size(_info)", _SIDES),
    "max_side": ViolationTest("max(_info.width, _info.height) > {c}", "{c}", "_describe_size(_info)", _SIDES),
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

# Kinds that stand on two types and read another variable on each.
RATIOS: dict[tuple[str, str], ViolationTest] = {
    ("size", "min_ratio"): ViolationTest("_size[0] * {c}[1] < _size[1] * {c}[0]", "{c}", "{v}"),
    ("size", "max_ratio"): ViolationTest("_size[0] * {c}[1] > _size[1] * {c}[0]", "{c}", "{v}"),
    ("image", "min_ratio"): ViolationTest(
        "_info.width * {c}[1] < _info.height * {c}[0]", "{c}", "_describe_size(_info)", _SIDES
    ),
    ("image", "max_ratio"): ViolationTest(
        "_info.width * {c}[1] > _info.height * {c}[0]", "{c}", "_describe_size(_info)", _SIDES
    ),
}

# Those of a size that no width*height can break.
OF_KEYWORDS = ("keywords", "excludes")

# Where one of these is broken, nothing further is judged of the value.
STOPS = frozenset({"schemes", "encoding"})


def violation_test(kind: str, of_type: str) -> ViolationTest:
    """The breach of a kind on a type."""
    return BREACHES[kind] if kind in BREACHES else RATIOS[of_type, kind]


@dataclass(frozen=True, slots=True)
class PointerTemplate:
    """text: the pointer, with `{…}` where an index belongs. item: the same for an item of a list."""

    text: str
    item: str

    def inner(self, step: str) -> "PointerTemplate":
        """The place of a member or item below; `step` may hold `{…}`."""
        return PointerTemplate(f"{self.text}/{step}", f"{self.text}/{step}/{{}}")


def pointer_expression(text: str) -> str:
    """The expression of a pointer: an f-string only where an index belongs."""
    return f"f{text!r}" if "{" in text else repr(text)


def pointer_templates(plan: FamilyLayout) -> dict[str, PointerTemplate]:
    """The place of each field of a family, by name."""
    found: dict[str, PointerTemplate] = {}
    _walk(plan, plan.form, "", found)
    for field in plan.placed:
        found[field.name] = PointerTemplate(
            f"/{field.place}/{field.name}", f"/{field.place}/{field.name}/{{}}"
        )
    return found


def _walk(plan: FamilyLayout, node: Node, path: str, found: dict[str, PointerTemplate]) -> None:
    if node.form == "leaf":
        found[node.field] = PointerTemplate(path, path if node.only else path + "/{}")
    elif node.form == "rest":
        for field in plan.rest:
            found[field.name] = PointerTemplate(f"{path}/{field.name}", f"{path}/{field.name}/{{}}")
    elif node.form == "parts":
        for name, part in node.parts:
            if plan.family.field(part).type == "list":
                found[part] = PointerTemplate(path, f"{path}/{{{part_positions(part)}[{{}}]}}/{name}")
            else:
                found[part] = PointerTemplate(f"{path}/{{{part_positions(part)}}}/{name}", "")
    for name, child in node.members:
        _walk(plan, child, f"{path}/{name}", found)
    if node.each:
        _walk(plan, node.each, f"{path}/0", found)
