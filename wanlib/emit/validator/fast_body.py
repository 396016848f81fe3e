"""The fast path's reading of a body form: each field's value, None where it is absent or null."""

from wanlib.emit.python_text import CodeWriter, constant_name, local_name, member_name, python_literal
from wanlib.emit.validator.plan import FamilyLayout, part_limit
from wanlib.spec import Field, Node, Rule


class FastForm:
    """Writes what `_is_valid` does with the body form: a walk along it that ends with all fields in locals.

    sizes: the lengths of the objects that hold fields, as Python. met: how many of their members are
    there, other than fields, wherever the walk gets to its end. Members that no page knows, and null,
    show there: less fields are met than these objects hold members.
    """

    def __init__(self, plan: FamilyLayout, writer: CodeWriter) -> None:
        self.plan = plan
        self.out = writer
        self.sizes: list[str] = []
        self.met = 0

    def write(self) -> None:
        """The whole walk."""
        self._members(self.plan.form, "body", "")

    def _doubt(self, test: str) -> None:
        with self.out.block(f"if {test}"):
            self.out.line("return False")

    def _members(self, node: Node, variable: str, container: str) -> None:
        for name, child in node.members:
            self._node(child, variable, name)
        placed = [field.name for field in self.plan.placed if field.place == container]
        for field in placed:
            self._take(field, variable, field)
        rests = [
            f"({member_name(name)} is not _NOTHING)" for name, child in node.members if child.form == "rest"
        ]
        leaves = sum(child.form == "leaf" for _, child in node.members)
        others = len(node.members) - len(rests) - leaves + (not container)
        if placed or leaves:
            self.sizes.append(" - ".join([f"len({variable})", *rests]))
            self.met += others
        else:
            self._doubt(f"len({variable}) != {' + '.join([str(others), *rests])}")

    def _node(self, node: Node, parent: str, name: str) -> None:
        if node.form == "leaf":
            self._leaf(node, parent, name)
            return
        variable, absent = member_name(name), ", _NOTHING" if node.form == "rest" else ""
        self.out.line(f"{variable} = {parent}.get({python_literal(name)}{absent})")
        if node.form == "constant":
            (rule,) = (rule for rule in node.rules if rule.kind == "one_of")
            self._doubt(f"not isinstance({variable}, str) or {variable} not in {constant_name(rule)}")
        elif node.form == "list":
            self._list(node, variable)
        elif node.form == "parts":
            self._parts(node, variable)
        else:
            self._doubt(f"not isinstance({variable}, dict)")
            inside = self._rest if node.form == "rest" else self._members
            inside(node, variable, name)

    def _take(self, field: str, parent: str, name: str) -> None:
        self.out.line(f"{local_name(field)} = {parent}.get({python_literal(name)})")

    def _leaf(self, node: Node, parent: str, name: str) -> None:
        self._take(node.field, parent, name)
        if node.only:
            field = local_name(node.field)
            self.out.line(f"{field} = None if {field} is None else [{field}]")

    def _rest(self, node: Node, variable: str, name: str) -> None:
        for field in self.plan.members(node, name):
            self._take(field, variable, field)
        self.sizes.append(f"len({variable})")

    def _list(self, node: Node, variable: str) -> None:
        (rule,) = (rule for rule in node.rules if rule.kind == "count")
        assert node.each is not None
        self._doubt(f"not isinstance({variable}, list) or len({variable}) != {constant_name(rule)}")
        item = f"{variable}0"
        self.out.line(f"{item} = {variable}[0]")
        self._doubt(f"not isinstance({item}, dict)")
        self._members(node.each, item, "each")

    def _parts(self, node: Node, variable: str) -> None:
        out = self.out
        self._doubt(f"not isinstance({variable}, list)")
        for _, field in node.parts:
            out.line(f"{self._gathered(field)} = []")
        with out.block(f"for _part in {variable}"):
            self._doubt("not isinstance(_part, dict) or len(_part) != 1")
            word = "if"
            for name, field in node.parts:
                with out.block(f"{word} {python_literal(name)} in _part"):
                    out.line(f"{self._gathered(field)}.append(_part[{python_literal(name)}])")
                word = "elif"
            with out.block("else"):
                out.line("return False")
        for name, field in node.parts:
            gathered = self._gathered(field)
            if rule := part_limit(node, name):
                self._doubt(f"len({gathered}) > {constant_name(rule)}")
            if gathered != local_name(field):
                out.line(f"{local_name(field)} = {gathered}[0] if {gathered} else None")

    def _gathered(self, field: str) -> str:
        """The list that takes a field's parts; where the field is no list, the first is its value."""
        return (
            local_name(field)
            if self.plan.family.field(field).type == "list"
            else f"_each_{local_name(field)}"
        )


# Exact types where a subclass would mislead: true is an int for Python.
_PLAIN = {
    "integer": "type({v}) is int",
    "number": "(type({v}) is int or (type({v}) is float and {v} - {v} == 0))",
    "boolean": "isinstance({v}, bool)",
    "list": "isinstance({v}, list)",
    "object": "isinstance({v}, dict)",
    "percent": "(isinstance({v}, str) and _percent({v}) is not None)",
}


def exact_type_test(field: Field, variable: str) -> str:
    """The test by which a value is of a field's type; other forms of it are left to slower tests."""
    if rule := exact_decimals(field):
        return f"(isinstance({variable}, str) and {mismatch(rule)}({variable}) is None)"
    return _PLAIN.get(field.type, "isinstance({v}, str)").format(v=variable)


def wrong_type_test(field: Field, variable: str) -> str:
    """The test by which a value is not plainly of a field's type."""
    test = exact_type_test(field, variable)
    return test.replace(" is int", " is not int") if field.type == "integer" else f"not {test}"


def not_plain(field: Field, variable: str) -> str:
    """The test by which an image string is not plainly a URL that satisfies every rule."""
    test = is_plain_url_test(field, variable)
    return test.replace(" is None", " is not None") if test.endswith(" is None") else f"not {test}"


def is_plain_url_test(field: Field, variable: str) -> str:
    """The test by which an image string is plainly a URL that keeps every rule: nothing is known of it."""
    schemes = field.rules_of_kind("schemes")
    if len(schemes) != 1 or schemes[0].condition:
        return "False"
    if field.rules_of_kind("public") or field.rules_of_kind("unexpired"):
        return f"{plain_urls(schemes[0])}({variable}) is None"
    test = f"{variable}.startswith({constant_name(schemes[0])}_URLS)"
    return f"({test} and {variable}.isascii())" if field.rules_of_kind("chars") else test


def plain_urls(rule: Rule) -> str:
    """The constant with the function that finds plain public URLs, by the rule on schemes."""
    return f"_{constant_name(rule)}_PLAIN"


def is_fetched(field: Field, variable: str) -> str:
    """The test by which any other image string is a URL that keeps every rule; empty where a mode decides."""
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
    """The rule on a percentage's decimals where there is one for all modes: a single pattern tells both."""
    rules = field.rules_of_kind("decimals")
    return rules[0] if len(rules) == 1 and rules[0].condition is None else None


def full_match(rule: Rule) -> str:
    """What a text that keeps a rule is matched with: compiled from the rule's constant."""
    return f"_{constant_name(rule)}"


def mismatch(rule: Rule) -> str:
    """The function that gives None for a text that satisfies a rule, and a match for any other."""
    return f"_NOT_{constant_name(rule)}"


def sum_rules(field: Field) -> tuple[Rule, Rule] | None:
    """The rules on a list's total and on its members' decimals, where whole numbers can be added up."""
    rules = field.rules_of_kind("total")
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


def list_depth(field: Field) -> int:
    """How many lists a field's value lies in."""
    return field.path.split(".").count("each")
