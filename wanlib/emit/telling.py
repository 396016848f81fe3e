"""The telling path: every violation of the fields, in spec order."""

from collections.abc import Callable

from wanlib.emit.conditions import STOPS, breach
from wanlib.emit.envelope import at
from wanlib.emit.fast import default_constant, field_names_constant, glance
from wanlib.emit.modes import expression
from wanlib.emit.names import constant, inner, literal, local
from wanlib.emit.places import Place, places, pointer
from wanlib.emit.plan import Plan, counted, held
from wanlib.emit.writer import Writer
from wanlib.spec import Condition, Field, Rule
from wanlib.spec.kinds import BOUND, KINDS, RELATION
from wanlib.spec.mode import names

Write = Callable[[Rule], None]

_HAS_TYPE = {
    "integer": "(type({v}) is int or _is_integer({v}))",
    "number": "(type({v}) is int or _is_number({v}))",
    "percent": "(isinstance({v}, str) and _percent({v}) is not None)",
    "boolean": "isinstance({v}, bool)",
    "list": "isinstance({v}, list)",
    "object": "isinstance({v}, dict)",
    "image": "isinstance({v}, (str, _ImageFacts))",
}


class TellingPath:
    """Writes `_judge`: modes in three values, then field by field: presence, type, bound, relation."""

    def __init__(self, plan: Plan, writer: Writer) -> None:
        self.plan = plan
        self.out = writer
        self.places = places(plan)

    def write(self) -> None:
        """The whole function."""
        with self.out.block(f"def _judge(found: list[Violation], {self.arguments()}) -> list[Violation]"):
            self.out.line(
                '"""Adds what the fields break; a rule on what is lost or undetermined is not judged."""'
            )
            self._modes()
            for field in self.plan.family.fields:
                self._field(field, local(field.name), self.places[field.name])
            self.out.line("return found")

    def arguments(self) -> str:
        """The parameters after the list of violations: what a call of `_judge` hands over, in order."""
        fields = [local(field.name) for field in self.plan.family.fields]
        ats = [at(name) for name in self.part_fields()]
        return ", ".join(["model: str", "call: str | None", *(f"{name}: Any" for name in ats + fields)])

    def part_fields(self) -> tuple[str, ...]:
        """The fields that are written as parts."""
        return tuple(field for node in self.plan.form.walk() for _, field in node.parts)

    def _add(self, rule: Rule, path: str, limit: str, value: str, outcome: str = "") -> None:
        self.out.line(
            f"found.append(_make(({rule.id!r}, {outcome or repr(rule.outcome)}, {path}, {limit}, {value})))"
        )

    # Modes: True, False, or None where a field that they read has no usable value.

    def _modes(self) -> None:
        for name in self.plan.lists_counted():
            v = local(name)
            self.out.line(
                f"{counted(name)} = len({v}) if isinstance({v}, list) else 0 if {v} is _ABSENT else None"
            )
        for field in self.plan.fields_in_modes():
            v, default = local(field.name), field.default.get(None)
            absent = (
                "" if default in (None, "derived") else f"{default_constant(field)} if {v} is _ABSENT else "
            )
            test = _HAS_TYPE.get(field.type, "isinstance({v}, str)").format(v=v)
            self.out.line(f"{held(field.name)} = {v} if {test} else {absent}None")
        for mode, tree in self.plan.family.modes.items():
            read = [self.plan.variable(name) for name in sorted(names(tree)) if name != "model"]
            value = expression(tree, self.plan.variable)
            unknown = " or ".join(f"{name} is None" for name in read)
            self.out.line(
                f"{local(mode)} = None if {unknown} else {value}" if read else f"{local(mode)} = {value}"
            )

    def _is(self, condition: Condition, value: bool) -> str:
        return f"{local(condition.mode)} is {condition.wanted is value}"

    # One field.

    def _field(self, field: Field, v: str, place: Place) -> None:
        required = field.of_kind("required")
        top = field.path == field.name
        lost = f"{v} is not _LOST" if top else ""
        if field.name == "each":
            self._present(field, v, place)
        elif required:
            with self.out.block(f"if {v} is _ABSENT"):
                self._group(required, lambda rule: self._add(rule, pointer(place.text), "True", "None"))
            with self.out.block(f"elif {lost}" if top else "else"):
                self._present(field, v, place)
        else:
            with self.out.block(f"if {v} is not _ABSENT" + (f" and {lost}" if top else "")):
                self._present(field, v, place)

    def _group(self, rules: tuple[Rule, ...], write: Write) -> None:
        """Each rule under the test that it is the one to judge by."""
        if len(rules) == 1 and rules[0].condition is None:
            write(rules[0])
            return
        others = [rule.condition for rule in rules if rule.condition]
        for rule in rules:
            test = (
                self._is(rule.condition, True)
                if rule.condition
                else " and ".join(self._is(each, False) for each in others)
            )
            with self.out.block(f"if {test}"):
                write(rule)

    def _present(self, field: Field, v: str, place: Place) -> None:
        effective = field.of_kind("effective")
        for rule in effective:
            with self.out.block(f"if {self._is(rule.limit, False)}"):
                self._add(rule, pointer(place.text), repr(str(rule.limit)), v)
        if effective:
            with self.out.block("else"):
                self._effective(field, v, place)
        else:
            self._effective(field, v, place)

    def _effective(self, field: Field, v: str, place: Place) -> None:
        for rule in field.of_kind("needs"):
            with self.out.block(f"if {self._is(rule.limit, False)}"):
                self._add(rule, pointer(place.text), repr(str(rule.limit)), v)
        kind = next((rule for rule in field.rules if rule.kind == "type"), None)
        if kind is None:
            self._typed(field, v, place)
            return
        with self.out.block(f"if not {_HAS_TYPE.get(field.type, 'isinstance({v}, str)').format(v=v)}"):
            outcome = f"'unspecified' if {v} is None else {kind.outcome!r}"
            self._add(kind, pointer(place.text), repr(field.type), v, outcome)
        plain = f"isinstance({v}, str) and {glance(field, v)}" if field.type == "image" else ""
        with self.out.block(f"elif not ({plain})" if plain else "else"):
            self._typed(field, v, place)

    def _typed(self, field: Field, v: str, place: Place) -> None:
        out = self.out
        relations = any(KINDS[rule.kind].stage == RELATION for rule in field.rules)
        bounds = any(KINDS[rule.kind].stage == BOUND for rule in field.rules)
        if field.type == "size":
            out.line(f"_size = None if {v}.isalnum() else _parse_size({v})")
        elif field.type == "image" and not field.of_kind("schemes"):
            self._looked_at(v)
        mark = f"_before{_depth(field)}"
        if relations and bounds:
            out.line(f"{mark} = len(found)")
        if any(rule.kind in STOPS for rule in field.rules):
            out.line("_whole = True")
        self._stage(field, v, place, BOUND)
        if relations and bounds:
            out.line(f"{mark} = {mark} == len(found)")
        self._inner(field, v, place)
        if relations and bounds:
            with out.block(f"if {mark}"):
                self._stage(field, v, place, RELATION)
        elif relations:
            self._stage(field, v, place, RELATION)

    def _stage(self, field: Field, v: str, place: Place, stage: int) -> None:
        stopped = ""
        depth = self.out.depth
        for kind in dict.fromkeys(rule.kind for rule in field.rules if KINDS[rule.kind].stage == stage):
            if stopped:
                self.out.line("if _whole:")
                self.out.depth += 1
                if stopped == "schemes":
                    self._looked_at(v)
                stopped = ""
            self._group(field.of_kind(kind), lambda rule: self._bound(field, rule, v, place))
            stopped = kind if kind in STOPS else ""
        self.out.depth = depth

    def _looked_at(self, v: str) -> None:
        """What can be read of an image: of a file in hand its facts, of text a data URI."""
        self.out.line(f"_uri = _parse_data_uri({v}) if isinstance({v}, str) else None")
        self.out.line(
            f"_facts = {v} if isinstance({v}, _ImageFacts) else _uri.facts if _uri is not None else None"
        )

    def _bound(self, field: Field, rule: Rule, v: str, place: Place) -> None:
        relation = rule.kind in ("same_count_as", "inside", "same_pixels_as")
        words = {
            "v": v,
            "c": constant(rule),
            "other": local(rule.limit) if relation else "",
            "count": counted(rule.limit) if rule.kind == "same_count_as" else "",
            "index": "_index0",
            "of": literal(rule.of),
        }
        test, limit, value = (text.format(**words) for text in breach(rule.kind, field.type))
        with self.out.block(f"if {test}"):
            self._add(rule, pointer(place.text), limit, value)
            if rule.kind in STOPS:
                self.out.line("_whole = False")

    def _inner(self, field: Field, v: str, place: Place) -> None:
        if field.each:
            depth = _depth(field)
            index, item = f"_index{depth}", f"_item{depth}"
            step = Place(place.item.replace("{}", f"{{{index}}}" if "[{}]" not in place.item else index), "")
            with self.out.block(f"for {index}, {item} in enumerate({v})"):
                self._field(field.each, item, Place(step.text, step.text + "/{}"))
        for member in field.members:
            value = inner(member.name)
            self.out.line(f"{value} = {v}.get({literal(member.name)}, _ABSENT)")
            self._field(member, value, place.inner(member.name))
        if field.type == "object":
            (rule,) = field.of_kind("unknown")
            names = field_names_constant(field)
            with self.out.block(f"if not {v}.keys() <= {names}_SET"):
                where = pointer(place.text)
                self.out.line(
                    f"_tell_strays(found, {v}, {names}, {names}_SET, {where}, {rule.id!r}, _NOTHING)"
                )


def _depth(field: Field) -> int:
    return field.path.split(".").count("each")
