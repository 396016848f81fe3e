"""The limits on the output size, as a function of what decides the mode."""

from wanlib.emit.counting import choice
from wanlib.emit.names import constant, literal, local
from wanlib.emit.plan import Plan, advice_constant
from wanlib.emit.telling import TellingPath
from wanlib.emit.writer import Writer
from wanlib.spec import Field
from wanlib.spec.advice import RECOMMENDED

_KINDS = ("keywords", "min_pixels", "max_pixels", "min_ratio", "max_ratio")
_DERIVED = "derived"

STEP = "OUTPUT_MULTIPLE_OF"
"""The constant that holds what both sides of a picture are multiples of."""


class Sizing:
    """Writes `size_bounds`. A limit whose mode is unknown is None."""

    def __init__(self, plan: Plan, writer: Writer) -> None:
        self.plan = plan
        self.out = writer

    def write(self) -> None:
        """Write the whole function."""
        out = self.out
        head = "def size_bounds(model: str, fields: Mapping[str, Any], call: str | None = None)"
        with out.block(f"{head} -> 'SizeBounds | None'"):
            out.line(
                '"""Return the limits on the output size in this mode; None where there is no such field."""'
            )
            sized = next((field for field in self.plan.family.fields if field.type == "size"), None)
            if sized is None:
                out.line("return None")
                return
            out.line("from wanlib.base.output_size import SizeBounds")
            out.line()
            for field in self._read():
                out.line(f"{local(field.name)} = fields.get({literal(field.name)}, _ABSENT)")
            TellingPath(self.plan, out).modes()
            out.line("_limits: dict[str, Any] = {")
            for kind in _KINDS:
                limits = {rule.condition: constant(rule) for rule in sized.of_kind(kind)}
                out.line(f"    {literal(kind)}: {choice(limits, 'None')},")
            out.line("}")
            out.line("return SizeBounds(")
            out.depth += 1
            for name, value in self._members(sized).items():
                out.line(f"{name}={value},")
            out.line("**_limits,")
            out.depth -= 1
            out.line(")")

    def _read(self) -> list[Field]:
        names = {*self.plan.lists_counted(), *(field.name for field in self.plan.fields_in_modes())}
        return [field for field in self.plan.family.fields if field.name in names]

    def _members(self, sized: Field) -> dict[str, str]:
        """Return the members of the result as Python."""
        members = {"field": literal(sized.name)}
        defaults = {
            each: "None" if value == _DERIVED else literal(value) for each, value in sized.default.items()
        }
        members["default"] = choice(defaults, "None")
        members["step"] = STEP
        members["recommended"] = advice_constant(sized, RECOMMENDED) if RECOMMENDED in sized.advice else "()"
        return members
