"""The fast path: whether a body keeps every rule, decided before any violation exists."""

from wanlib.emit.conditions import breach
from wanlib.emit.fast_form import FastForm
from wanlib.emit.modes import expression
from wanlib.emit.names import constant, inner, literal, local
from wanlib.emit.plan import Plan, counted, held
from wanlib.emit.writer import Writer
from wanlib.spec import Condition, Field, Rule
from wanlib.spec.kinds import BOUND, KINDS, RELATION

_TYPES = {"integer": "int", "boolean": "bool", "list": "list", "object": "dict"}
_SCALARS = ("integer", "boolean", "text")


class FastPath:
    """Writes `_clean`. Whatever is not plainly in order makes it answer False: the telling path decides."""

    def __init__(self, plan: Plan, writer: Writer) -> None:
        self.plan = plan
        self.out = writer

    def write(self) -> None:
        out = self.out
        with out.block("def _clean(body: dict[str, Any], model: str, call: str | None) -> bool"):
            out.line('"""Whether a body keeps every rule; False where only the telling path can say."""')
            FastForm(self.plan, out).write()
            self._modes()
            for field in self.plan.family.fields:
                self._field(field, local(field.name))
            out.line("return True")

    def _doubt(self, test: str) -> None:
        with self.out.block(f"if {test}"):
            self.out.line("return False")

    # Modes: plain truth values, since a mistyped field has already made the answer False.

    def _modes(self) -> None:
        out = self.out
        for name in self.plan.lists_counted():
            variable = local(name)
            self._doubt(f"{variable} is not None and type({variable}) is not list")
            out.line(f"{counted(name)} = 0 if {variable} is None else len({variable})")
        for name in self.plan.compared():
            out.line(f"{seen(name)} = False")
        for field in self.plan.fields_in_modes():
            self._held(field)
        for mode, tree in self.plan.family.modes.items():
            out.line(f"{local(mode)} = {expression(tree, self.plan.variable)}")

    def _held(self, field: Field) -> None:
        variable, default = local(field.name), field.default.get(None)
        self._doubt(f"{variable} is not None and type({variable}) is not {_TYPES.get(field.type, 'str')}")
        if default is None or default == "derived":
            self._doubt(f"{variable} is None")
            self.out.line(f"{held(field.name)} = {variable}")
        else:
            self.out.line(
                f"{held(field.name)} = {default_constant(field)} if {variable} is None else {variable}"
            )

    # Fields.

    def _field(self, field: Field, variable: str) -> None:
        required = field.of_kind("required")
        for rule in required:
            when = "" if rule.condition is None else f" and {self._when(rule, required)}"
            self._doubt(f"{variable} is None{when}")
        if any(rule.condition is None for rule in required):
            self._present(field, variable)
            return
        with self.out.block(f"if {variable} is not None"):
            self._present(field, variable)

    def _present(self, field: Field, variable: str) -> None:
        for kind in ("effective", "needs"):
            for rule in field.of_kind(kind):
                self._doubt(self._condition_fails(rule.limit))
        self._value(field, variable)

    def _condition_fails(self, condition: Condition) -> str:
        test = f"not {local(condition.mode)}" if condition.wanted else local(condition.mode)
        return f"call is not None and {test}" if self.plan.reads_call(condition.mode) else test

    def _value(self, field: Field, variable: str) -> None:
        if field.type == "image":
            self._image(field, variable)
            return
        if field.type == "number":
            finite = f"type({variable}) is float and {variable} - {variable} == 0"
            self._doubt(f"type({variable}) is not int and not ({finite})")
        elif field.type == "percent":
            self._doubt(f"type({variable}) is not str or _percent({variable}) is None")
        else:
            self._doubt(f"type({variable}) is not {_TYPES.get(field.type, 'str')}")
        if field.type == "size":
            self.out.line(f"_size = None if {variable}.isalnum() else _parse_size({variable})")
        self._kinds(field, variable, BOUND)
        self._inner(field, variable)
        self._kinds(field, variable, RELATION)

    def _image(self, field: Field, variable: str) -> None:
        """A URL is in order at a glance; all else is looked at by the telling path's own helpers."""
        self._doubt(f"type({variable}) is not str")
        with self.out.block(f"if not {glance(field, variable)}"):
            top = field.path.partition(".")[0]
            if top in self.plan.compared():
                self.out.line(f"{seen(top)} = True")
            self.out.line(f"_uri = _parse_data_uri({variable})")
            self._doubt("_uri is None or _uri.facts is None")
            self.out.line("_facts = _uri.facts")
            self._kinds(field, variable, BOUND)
            self._kinds(field, variable, RELATION)

    def _inner(self, field: Field, variable: str) -> None:
        if field.each:
            item = f"_item{_depth(field)}"
            index = self._needs_index(field)
            head = (
                f"for _index{_depth(field)}, {item} in enumerate({variable})"
                if index
                else f"for {item} in {variable}"
            )
            with self.out.block(head):
                self._present(field.each, item)
        if field.members and all(member.of_kind("required") for member in field.members):
            self._doubt(f"len({variable}) != {len(field.members)}")
        elif field.members:
            self._doubt(f"not {variable}.keys() <= {field_names_constant(field)}_SET")
        for member in field.members:
            value = inner(member.name)
            self.out.line(f"{value} = {variable}.get({literal(member.name)})")
            if not member.of_kind("required"):
                self._doubt(f"{value} is None and {literal(member.name)} in {variable}")
            self._field(member, value)

    def _needs_index(self, field: Field) -> bool:
        return _depth(field) == 0 and any(each.of_kind("inside") for each in field.walk())

    def _kinds(self, field: Field, variable: str, stage: int) -> None:
        for kind in dict.fromkeys(rule.kind for rule in field.rules if KINDS[rule.kind].stage == stage):
            rules = field.of_kind(kind)
            if rules == rules[:1] and rules[0].condition is None:
                self._doubt(self._test(field, rules[0], variable))
                continue
            for rule in rules:
                with self.out.block(f"if {self._when(rule, rules)}"):
                    self._doubt(self._test(field, rule, variable))

    def _test(self, field: Field, rule: Rule, variable: str) -> str:
        if rule.kind == "total":
            texts = f"[_each[{literal(rule.of)}] for _each in {variable}]"
            return f"not _adds_up({texts}, {constant(rule)})"
        if rule.kind == "ordered" and any(
            each.limit == 4 and not each.condition for each in field.of_kind("count")
        ):
            return f"not ({variable}[0] < {variable}[2] and {variable}[1] < {variable}[3])"
        relation = rule.kind in ("same_count_as", "inside", "same_pixels_as")
        test = breach(rule.kind, field.type).test.format(
            v=variable,
            c=constant(rule),
            other=local(rule.limit) if relation else "",
            count=counted(rule.limit) if rule.kind == "same_count_as" else "",
            index="_index0",
            of=literal(rule.of),
        )
        return f"{seen(rule.limit)} and {test}" if rule.kind == "inside" else test

    def _when(self, rule: Rule, rules: tuple[Rule, ...]) -> str:
        """The test under which a rule is the one to judge by, among its variants."""
        if rule.condition:
            test = (
                local(rule.condition.mode) if rule.condition.wanted else f"not {local(rule.condition.mode)}"
            )
            return f"call is not None and {test}" if self.plan.reads_call(rule.condition.mode) else test
        others = [each.condition for each in rules if each.condition]
        tests = [f"not {local(each.mode)}" if each.wanted else local(each.mode) for each in others]
        calls = ["call is not None"] if any(self.plan.reads_call(each.mode) for each in others) else []
        return " and ".join(calls + tests)


def _depth(field: Field) -> int:
    return field.path.split(".").count("each")


def glance(field: Field, variable: str) -> str:
    """The test by which an image string is plainly a URL that keeps every rule: nothing is known of it."""
    schemes = field.of_kind("schemes")
    if len(schemes) != 1 or schemes[0].condition:
        return "False"
    ascii_only = f" and {variable}.isascii()" if field.of_kind("chars") else ""
    return f"({variable}.startswith({constant(schemes[0])}_URLS){ascii_only})"


def seen(name: str) -> str:
    """The variable that tells whether an image of a list is more than a URL, so that its size is known."""
    return f"_{local(name)}_seen"


def default_constant(field: Field) -> str:
    """The constant that holds a field's default."""
    return f"{local(field.name).upper().rstrip('_')}_DEFAULT"


def field_names_constant(field: Field) -> str:
    """The constant that lists the members of a closed object."""
    return field.path.replace(".", "_").upper() + "_NAMES"
