"""Emit the functions that count the pictures of a body, for its price, and that give its size limits."""

from collections.abc import Mapping

from wanlib.base.values import Ratio
from wanlib.emit.python_text import CodeWriter, constant_name, local_name, python_literal
from wanlib.emit.validator.plan import FamilyLayout, advice_constant, default_constant, part_positions
from wanlib.emit.validator.report_path import ReportPath
from wanlib.spec import Condition, Field
from wanlib.spec.model.mode_values import referenced_fields
from wanlib.spec.model.model import FOR_TESTING, RECOMMENDED

_EXACT = "exact"
_UNKNOWN = "(None, _UNDETERMINED, None)"


class Counting:
    """Write `count`. Modes are True, False or None for unknown, as in the reporting path."""

    def __init__(self, plan: FamilyLayout, writer: CodeWriter) -> None:
        self.plan = plan
        self.out = writer

    def write(self) -> None:
        """Write the whole function."""
        out, family = self.out, self.plan.family
        with out.block("def count(body: dict[str, Any], model: str, call: str | None = None) -> 'Count'"):
            out.line('"""Return the number of pictures that a body requests, if it can be determined."""')
            out.line("from wanlib.client.call.counting import make_count")
            out.line()
            handed = [part_positions(name) for name in self.plan.parts()] + [
                local_name(field.name) for field in family.fields
            ]
            out.line(f"{', '.join(handed)} = _read([], body)")
            ReportPath(self.plan, out).modes()
            for field in self.plan.count_fields():
                defaults = {condition: default_constant(field, condition) for condition in field.default}
                out.line(f"_{local_name(field.name)}_default = {choice(defaults, 'None')}")
            bounds = {
                condition: f"({python_literal(name)}, {local_name(name)}, _{local_name(name)}_default)"
                for condition, name in family.count_of.items()
            }
            out.line(f"_bound = {choice(bounds, _UNKNOWN)}")
            exact = {condition: repr(word == _EXACT) for condition, word in family.count_is.items()}
            values = ", ".join(
                f"{python_literal(name)}: {local_name(name)}" for name in values_of_count(self.plan)
            )
            advised = ", ".join(
                f"{python_literal(field.name)}: {advice_constant(field, FOR_TESTING)}"
                for field in self.plan.count_fields()
                if FOR_TESTING in field.advice
            )
            exactly = choice(exact, "False")
            out.line(f"return make_count(_bound, {exactly}, {{{values}}}, {{{advised}}})")


def values_of_count(plan: FamilyLayout) -> tuple[str, ...]:
    """Return the fields that the count is read from, in spec order."""
    family = plan.family
    conditions = [*family.count_of, *family.count_is]
    conditions += [condition for field in plan.count_fields() for condition in field.default]
    names = {
        name for condition in conditions if condition for name in referenced_fields(family, condition.mode)
    }
    names |= {field.name for field in plan.count_fields()}
    return tuple(field.name for field in family.fields if field.name in names)


def choice(values: Mapping[Condition | None, str], unknown: str) -> str:
    """Return Python for the value whose condition holds, or `unknown` if no mode decides it."""
    if None in values and len({*values.values()}) == 1:
        return values[None]
    tested = "".join(
        f"{value} if {_holds(condition)} else " for condition, value in values.items() if condition
    )
    if None not in values:
        return f"{tested}{unknown}"
    known = " and ".join(_fails(condition) for condition in values if condition)
    return f"{tested}{values[None]} if {known} else {unknown}"


def _holds(condition: Condition) -> str:
    return f"{local_name(condition.mode)} is {condition.wanted}"


def _fails(condition: Condition) -> str:
    return f"{local_name(condition.mode)} is {not condition.wanted}"


_KINDS = ("keywords", "min_pixels", "max_pixels", "min_ratio", "max_ratio", "min_side", "max_side")
_LONGEST = 999_999
_UNLIMITED = {
    "keywords": "_NOTHING",
    "min_pixels": "1",
    "max_pixels": python_literal(_LONGEST * _LONGEST),
    "min_ratio": python_literal(Ratio(1, _LONGEST)),
    "max_ratio": python_literal(Ratio(_LONGEST, 1)),
    "min_side": "1",
    "max_side": python_literal(_LONGEST),
}
"""The limits where no rule states one; a side has at most six digits."""
_DERIVED = "derived"

STEP = "OUTPUT_MULTIPLE_OF"
"""The constant with the number that both sides of a picture are multiples of."""


def _unlimited_name(kind: str) -> str:
    return f"_ANY_{kind.upper()}"


def _size_limits(sized: Field) -> dict[str, dict[Condition | None, str]]:
    """Return the constants of each kind that a size states, by condition, with one for no limit if needed."""
    limits: dict[str, dict[Condition | None, str]] = {}
    for kind in _KINDS:
        constants = {rule.condition: constant_name(rule) for rule in sized.rules_of_kind(kind)}
        if constants:
            opposites = {
                Condition(condition.mode, not condition.wanted) for condition in constants if condition
            }
            if None not in constants and not opposites & constants.keys():
                constants[None] = _unlimited_name(kind)
            limits[kind] = constants
    return limits


class Sizing:
    """Write `size_bounds`. A limit whose mode is unknown is None."""

    def __init__(self, plan: FamilyLayout, writer: CodeWriter) -> None:
        self.plan = plan
        self.out = writer

    def write(self) -> None:
        """Write the whole function, and constants for limits that only some modes have."""
        out = self.out
        sized = next((field for field in self.plan.family.fields if field.type == "size"), None)
        limits = _size_limits(sized) if sized else {}
        for kind, constants in limits.items():
            if constants.get(None) == _unlimited_name(kind):
                out.line(f"{constants[None]} = {_UNLIMITED[kind]}")
        head = "def size_bounds(model: str, fields: Mapping[str, Any], call: str | None = None)"
        with out.block(f"{head} -> 'SizeBounds | None'"):
            out.line(
                '"""Return the limits on the output size in this mode; None for a model without sizes."""'
            )
            if sized is None:
                out.line("return None")
                return
            out.line("from wanlib.validation.output_size import SizeBounds")
            out.line()
            for field in self._read():
                out.line(f"{local_name(field.name)} = fields.get({python_literal(field.name)}, _ABSENT)")
            ReportPath(self.plan, out).modes()
            out.line("_limits: dict[str, Any] = {")
            for kind, constants in limits.items():
                out.line(f"    {python_literal(kind)}: {choice(constants, 'None')},")
            out.line("}")
            out.line("return SizeBounds(")
            out.depth += 1
            for name, value in self._members(sized).items():
                out.line(f"{name}={value},")
            out.line("**_limits,")
            out.depth -= 1
            out.line(")")

    def _read(self) -> list[Field]:
        names = {*self.plan.counted_lists(), *(field.name for field in self.plan.fields_in_modes())}
        return [field for field in self.plan.family.fields if field.name in names]

    def _members(self, sized: Field) -> dict[str, str]:
        """Return the members of the result as Python."""
        members = {"field": python_literal(sized.name)}
        defaults = {
            condition: "None" if value == _DERIVED else python_literal(value)
            for condition, value in sized.default.items()
        }
        members["default"] = choice(defaults, "None")
        members["step"] = STEP
        members["recommended"] = advice_constant(sized, RECOMMENDED) if RECOMMENDED in sized.advice else "()"
        return members
