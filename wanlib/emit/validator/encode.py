"""Emit the functions that turn fields into a wire body, with the defaults that are sent."""

from collections.abc import Iterator, Mapping

from wanlib.emit.python_text import (
    CodeWriter,
    constant_name,
    expression,
    local_name,
    member_name,
    python_literal,
)
from wanlib.emit.validator.plan import (
    FamilyLayout,
    count_var,
    default_constant,
    effective_var,
    given_var,
    member_names_constant,
)
from wanlib.emit.validator.report_path import has_type
from wanlib.spec import Condition, Field, Node
from wanlib.spec.model.mode_values import referenced_fields
from wanlib.spec.model.modes import read_keys, referenced_names


class EncodeWriter:
    """Write `encode`: a walk along the form, inner objects first."""

    def __init__(self, plan: FamilyLayout, writer: CodeWriter) -> None:
        self.plan = plan
        self.out = writer

    def write(self) -> None:
        """Write the whole function."""
        with self.out.block("def encode(model: str, fields: Mapping[str, Any]) -> dict[str, Any]"):
            self.out.line('"""Return the wire body of fields; placeholders for images are copied into it."""')
            self.out.line(f"return {self._object(self.plan.form, '')}")

    def _object(self, node: Node, container: str) -> str:
        """Return the expression of an object: a literal, or the variable that has it."""
        values = {
            name: self._value(child, name)
            for name, child in node.members
            if child.form not in ("leaf", "rest")
        }
        items = [] if container else [f"{python_literal('model')}: model"]
        items += [f"{python_literal(name)}: {value}" for name, value in values.items()]
        literal = f"{{{', '.join(items)}}}"
        fields = [(name, child.field, child.only) for name, child in node.members if child.form == "leaf"]
        placed = [field for field in self.plan.placed if field.place == container]
        fields += [(field.wire_name, field.name, False) for field in placed]
        rests = [(name, child) for name, child in node.members if child.form == "rest"]
        if not fields and not rests:
            return literal
        variable = member_name(container) if container else "body"
        self.out.line(f"{variable}: dict[str, Any] = {literal}")
        for name, field, only in fields:
            self._member(variable, name, field, only)
        for name, child in rests:
            self._rest(variable, name, child)
        return variable

    def _member(self, variable: str, name: str, field: str, only: bool) -> None:
        """Write a field that may be absent. A list of one is written as its element."""
        value = f"fields[{python_literal(field)}]"
        if only:
            value = f"{value}[0] if len({value}) == 1 else {value}"
        with self.out.block(f"if {python_literal(field)} in fields"):
            self.out.line(f"{variable}[{python_literal(name)}] = {value}")

    def _rest(self, variable: str, name: str, node: Node) -> None:
        """Write the object of all other fields; without fields it is left out."""
        rest, known = member_name(name), member_names_constant(node)
        self.out.line(f"{rest} = {{name: fields[name] for name in {known} if name in fields}}")
        for field in self.plan.rest_members(name):
            if field.written_as:
                self._member(rest, field.written_as, field.name, False)
        with self.out.block(f"if {rest}"):
            self.out.line(f"{variable}[{python_literal(name)}] = {rest}")

    def _value(self, node: Node, name: str) -> str:
        if node.form == "constant":
            rule = node.rule("one_of")
            assert rule is not None
            return f"{constant_name(rule)}[0]"
        if node.form == "list":
            assert node.each is not None
            return f"[{self._object(node.each, 'each')}]"
        return self._parts(node, name) if node.form == "parts" else self._object(node, name)

    def _parts(self, node: Node, name: str) -> str:
        """Write the parts, lists first: `check_fields` expects this order."""
        variable = member_name(name)
        parts = [(part, field, self.plan.family.field(field).type == "list") for part, field in node.parts]
        lists = [
            f"*({{{python_literal(part)}: each}} for each in fields.get({python_literal(field)}, ()))"
            for part, field, many in parts
            if many
        ]
        self.out.line(f"{variable}: list[Any] = [{', '.join(lists)}]")
        for part, field, many in parts:
            if not many:
                with self.out.block(f"if {python_literal(field)} in fields"):
                    self.out.line(
                        f"{variable}.append({{{python_literal(part)}: fields[{python_literal(field)}]}})"
                    )
        return variable


_EXACT = "exact"


class DefaultsWriter:
    """Write `complete`. A field of the wrong type counts as absent; an unknown mode is None."""

    def __init__(self, plan: FamilyLayout, writer: CodeWriter) -> None:
        self.plan = plan
        self.out = writer
        self.unsure: set[str] = set()  # the modes, fields and `call` that can be None

    def write(self) -> None:
        """Write the whole function."""
        out = self.out
        parameters = "model: str, fields: Mapping[str, Any], call: str | None = None"
        head = f"def complete({parameters}) -> 'CompletedFields'"
        with out.block(head):
            out.line('"""Return the fields with those that are always sent, and the number of pictures."""')
            out.line("from wanlib.base.api_tables import CompletedFields")  # which costs `check` milliseconds
            out.line()
            self._modes()
            out.line("_sent = dict(fields)")
            for field in self.plan.count_fields():
                self._send_field(field)
            bound = self._choice(
                {condition: python_literal(name) for condition, name in self.plan.family.count_of.items()}
            )
            out.line(f"_bound = _sent[{bound}]")
            out.line("_pictures = int(_bound) if _is_integer(_bound) and _bound >= 1 else 1")
            out.line(f"return CompletedFields(_sent, _pictures, {self._is_exact()})")

    def _send_field(self, field: Field) -> None:
        """Write a field that limits the count: always the general one, another only if it applies."""
        defaults = {condition: default_constant(field, condition) for condition in field.default}
        line = f"_sent.setdefault({python_literal(field.name)}, {self._choice(defaults)})"
        count_of = self.plan.family.count_of
        if count_of[None] == field.name:
            self.out.line(line)
            return
        tests = [
            self._holds(condition) for condition, name in count_of.items() if condition and name == field.name
        ]
        with self.out.block(f"if {' or '.join(tests)}"):
            self.out.line(line)

    def _is_exact(self) -> str:
        """Return the test that exactly that many pictures are made."""
        count_is = self.plan.family.count_is
        others = [
            self._holds(condition)
            for condition, word in count_is.items()
            if condition and word != count_is[None]
        ]
        if not others:
            return repr(count_is[None] == _EXACT)
        test = " or ".join(others)
        if count_is[None] != _EXACT:
            return f"bool({test})"
        return f"not {test}" if len(others) == 1 and " " not in test else f"not ({test})"

    def _choice(self, values: Mapping[Condition | None, str]) -> str:
        """Return Python for the value whose condition is true."""
        tested = "".join(
            f"{value} if {self._holds(condition)} else " for condition, value in values.items() if condition
        )
        return tested + values[None]

    def _holds(self, condition: Condition) -> str:
        """Return the test that a condition is true; an unknown mode is neither."""
        mode = local_name(condition.mode)
        if condition.wanted:
            return mode
        return f"{mode} is False" if condition.mode in self.unsure else f"not {mode}"

    # The modes that something depends on.

    def _modes(self) -> None:
        family = self.plan.family
        modes = list(self._needed())
        read = {name for mode in modes for name in referenced_fields(family, mode)}
        self.unsure = read & {"call"}
        for field in family.fields:
            if field.name in read:
                self._effective(field)
        for mode in modes:
            self._mode(mode)

    def _needed(self) -> Iterator[str]:
        """Return the modes that fields and facts depend on, directly or not, in spec order."""
        family = self.plan.family
        conditions = [*family.count_of, *family.count_is]
        conditions += [condition for field in self.plan.count_fields() for condition in field.default]
        wanted = {condition.mode for condition in conditions if condition}
        for mode in reversed([*family.modes]):
            if mode in wanted:
                wanted |= referenced_names(family.modes[mode])
        return (mode for mode in family.modes if mode in wanted)

    def _effective(self, field: Field) -> None:
        variable, value = local_name(field.name), f"fields.get({python_literal(field.name)})"
        self.out.line(f"{variable} = {value}")
        if field.type == "list":
            self.out.line(f"{count_var(field.name)} = len({variable}) if isinstance({variable}, list) else 0")
            return
        default = field.default.get(None)
        absent = "None" if default in (None, "derived") else default_constant(field)
        if absent == "None":
            self.unsure.add(field.name)
        test = has_type(field, variable)
        if self.plan.is_valued(field):
            self.out.line(f"{effective_var(field.name)} = {variable} if {test} else {absent}")
        if field.name in self.plan.family.given_fields:
            self.out.line(f"{given_var(field.name)} = {test}")

    def _mode(self, mode: str) -> None:
        tree = self.plan.family.modes[mode]
        keys = sorted(read_keys(tree, self.plan.family.modes))
        unsure = [self.plan.variable(name) for name in keys if name in self.unsure]
        value = expression(tree, self.plan.variable)
        if unsure:
            self.unsure.add(mode)
            value = f"None if {' or '.join(f'{name} is None' for name in unsure)} else {value}"
        self.out.line(f"{local_name(mode)} = {value}")
