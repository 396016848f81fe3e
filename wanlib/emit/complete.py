"""What is always sent with a call, and how many pictures that can yield, as a function over fields."""

from collections.abc import Iterator, Mapping

from wanlib.emit.modes import expression
from wanlib.emit.names import literal, local
from wanlib.emit.plan import Plan, counted, default_constant, held
from wanlib.emit.telling import has_type
from wanlib.emit.writer import Writer
from wanlib.spec import Condition, Field
from wanlib.spec.family import fields_read
from wanlib.spec.mode import names

_EXACT = "exact"


class Completion:
    """Writes `complete`. A field of the wrong type counts as absent; an unknown mode is None."""

    def __init__(self, plan: Plan, writer: Writer) -> None:
        self.plan = plan
        self.out = writer
        self.unsure: set[str] = set()  # the modes, fields and `call` that can be None

    def write(self) -> None:
        """The whole function."""
        out = self.out
        head = "def complete(model: str, fields: Mapping[str, Any], call: str | None = None) -> 'Completed'"
        with out.block(head):
            out.line('"""The fields with what is always sent, and how many pictures they can yield."""')
            out.line("from wanlib.runtime.tables import Completed")  # which costs `check` milliseconds
            out.line()
            self._modes()
            out.line("_sent = dict(fields)")
            for field in self.plan.bounding():
                self._add(field)
            bound = self._choice({each: literal(name) for each, name in self.plan.family.count_of.items()})
            out.line(f"_bound = _sent[{bound}]")
            out.line("_pictures = int(_bound) if _is_integer(_bound) and _bound >= 1 else 1")
            out.line(f"return Completed(_sent, _pictures, {self._exact()})")

    def _add(self, field: Field) -> None:
        """The field that bounds in most modes is always sent, another only where it bounds."""
        defaults = {each: default_constant(field, each) for each in field.default}
        line = f"_sent.setdefault({literal(field.name)}, {self._choice(defaults)})"
        count_of = self.plan.family.count_of
        if count_of[None] == field.name:
            self.out.line(line)
            return
        tests = [self._holds(each) for each, name in count_of.items() if each and name == field.name]
        with self.out.block(f"if {' or '.join(tests)}"):
            self.out.line(line)

    def _exact(self) -> str:
        """Whether so many come: as otherwise, but for the conditions that say another thing."""
        count_is = self.plan.family.count_is
        others = [self._holds(each) for each, word in count_is.items() if each and word != count_is[None]]
        if not others:
            return repr(count_is[None] == _EXACT)
        test = " or ".join(others)
        if count_is[None] != _EXACT:
            return f"bool({test})"
        return f"not {test}" if len(others) == 1 and " " not in test else f"not ({test})"

    def _choice(self, values: Mapping[Condition | None, str]) -> str:
        """Python for the value whose condition holds."""
        tested = "".join(f"{value} if {self._holds(each)} else " for each, value in values.items() if each)
        return tested + values[None]

    def _holds(self, condition: Condition) -> str:
        """The test that a condition holds; an unknown mode is neither."""
        mode = local(condition.mode)
        if condition.wanted:
            return mode
        return f"{mode} is False" if condition.mode in self.unsure else f"not {mode}"

    # Modes, as far as something hangs on them.

    def _modes(self) -> None:
        family = self.plan.family
        modes = list(self._needed())
        read = {name for mode in modes for name in fields_read(family, mode)}
        self.unsure = read & {"call"}
        for field in family.fields:
            if field.name in read:
                self._held(field)
        for mode in modes:
            self._mode(mode)

    def _needed(self) -> Iterator[str]:
        """The modes that the fields and facts hang on, and those that they stand on, in spec order."""
        family = self.plan.family
        conditions = [*family.count_of, *family.count_is]
        conditions += [each for field in self.plan.bounding() for each in field.default]
        wanted = {each.mode for each in conditions if each}
        for mode in reversed([*family.modes]):
            if mode in wanted:
                wanted |= names(family.modes[mode])
        return (mode for mode in family.modes if mode in wanted)

    def _held(self, field: Field) -> None:
        variable, value = local(field.name), f"fields.get({literal(field.name)})"
        self.out.line(f"{variable} = {value}")
        if field.type == "list":
            self.out.line(f"{counted(field.name)} = len({variable}) if isinstance({variable}, list) else 0")
            return
        default = field.default.get(None)
        absent = "None" if default in (None, "derived") else default_constant(field)
        if absent == "None":
            self.unsure.add(field.name)
        self.out.line(f"{held(field.name)} = {variable} if {has_type(field, variable)} else {absent}")

    def _mode(self, mode: str) -> None:
        tree = self.plan.family.modes[mode]
        unsure = [self.plan.variable(name) for name in sorted(names(tree)) if name in self.unsure]
        value = expression(tree, self.plan.variable)
        if unsure:
            self.unsure.add(mode)
            value = f"None if {' or '.join(f'{name} is None' for name in unsure)} else {value}"
        self.out.line(f"{local(mode)} = {value}")
