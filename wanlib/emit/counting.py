"""How many pictures a body asks for, as a function over the body: the count that a bill is made from."""

from collections.abc import Mapping

from wanlib.emit.envelope import at
from wanlib.emit.names import literal, local
from wanlib.emit.plan import Plan, advice_constant, default_constant
from wanlib.emit.telling import TellingPath
from wanlib.emit.writer import Writer
from wanlib.spec import Condition
from wanlib.spec.advice import FOR_TESTING
from wanlib.spec.family import fields_read

_EXACT = "exact"
_UNKNOWN = "(None, _LOST, None)"


class Counting:
    """Writes `count`. Modes are True, False or None as on the telling path; an unknown mode is neither."""

    def __init__(self, plan: Plan, writer: Writer) -> None:
        self.plan = plan
        self.out = writer

    def write(self) -> None:
        """Write the whole function."""
        out, family = self.out, self.plan.family
        with out.block("def count(body: dict[str, Any], model: str, call: str | None = None) -> 'Count'"):
            out.line('"""Return how many pictures a body asks for, as far as that can be read."""')
            out.line("from wanlib.runtime.counting import counted")
            out.line()
            handed = [at(name) for name in self.plan.parts()] + [local(field.name) for field in family.fields]
            out.line(f"{', '.join(handed)} = _read([], body)")
            TellingPath(self.plan, out).modes()
            for field in self.plan.bounding():
                defaults = {each: default_constant(field, each) for each in field.default}
                out.line(f"_{local(field.name)}_default = {choice(defaults, 'None')}")
            bounds = {
                each: f"({literal(name)}, {local(name)}, _{local(name)}_default)"
                for each, name in family.count_of.items()
            }
            out.line(f"_bound = {choice(bounds, _UNKNOWN)}")
            exact = {each: repr(word == _EXACT) for each, word in family.count_is.items()}
            values = ", ".join(f"{literal(name)}: {local(name)}" for name in self._values())
            advised = ", ".join(
                f"{literal(field.name)}: {advice_constant(field, FOR_TESTING)}"
                for field in self.plan.bounding()
                if FOR_TESTING in field.advice
            )
            exactly = choice(exact, "False")
            out.line(f"return counted(_bound, {exactly}, {{{values}}}, {{{advised}}})")

    def _values(self) -> tuple[str, ...]:
        """Return the fields that the count is read from, in spec order."""
        family = self.plan.family
        conditions = [*family.count_of, *family.count_is]
        conditions += [each for field in self.plan.bounding() for each in field.default]
        names = {name for each in conditions if each for name in fields_read(family, each.mode)}
        names |= {field.name for field in self.plan.bounding()}
        return tuple(field.name for field in family.fields if field.name in names)


def choice(values: Mapping[Condition | None, str], unknown: str) -> str:
    """Return Python for the value whose condition holds, or `unknown` where no mode says which."""
    if None in values and len({*values.values()}) == 1:
        return values[None]
    tested = "".join(f"{value} if {_holds(each)} else " for each, value in values.items() if each)
    if None not in values:
        return f"{tested}{unknown}"
    known = " and ".join(_fails(each) for each in values if each)
    return f"{tested}{values[None]} if {known} else {unknown}"


def _holds(condition: Condition) -> str:
    return f"{local(condition.mode)} is {condition.wanted}"


def _fails(condition: Condition) -> str:
    return f"{local(condition.mode)} is {not condition.wanted}"
