"""The facts about a family that several emitters share, and the names of generated variables."""

from dataclasses import dataclass

from wanlib.base.identifiers import RuleName
from wanlib.emit.python_text import CodeWriter, constant_name, local_name, path_constant, python_literal
from wanlib.spec import Condition, Family, Field, Node, Rule, Spec
from wanlib.spec.model.hints import named, unknown_member_hints
from wanlib.spec.model.mode_values import referenced_fields
from wanlib.spec.model.modes import Comparison, Given, ItemCount, given_key, leaves

CONTEXT = "call: str | None, local: bool, now: float | None"
"""The parameters of the generated functions about how a body is sent and validated."""

UNKNOWN_MEMBER_HINTS = "_UNKNOWN_MEMBER_HINTS"
_WITHOUT_CONSTANT = frozenset(
    {
        *("required", "type", "not_blank", "unknown", "only_for"),
        *("effective", "needs", "only_in", "model", "endpoints"),
    }
)


@dataclass(frozen=True, slots=True)
class FamilyLayout:
    """A family with its body form."""

    spec: Spec
    family: Family
    form: Node

    @property
    def placed(self) -> tuple[Field, ...]:
        """Return the fields that have their own place in the body."""
        return tuple(field for field in self.family.fields if field.place)

    @property
    def rest(self) -> tuple[Field, ...]:
        """Return the fields in the container of all other parameters."""
        used = {name for node in self.form.walk() for name in (node.field, *(part for _, part in node.parts))}
        return tuple(field for field in self.family.fields if field.name not in used and not field.place)

    def members(self, node: Node, container: str) -> tuple[str, ...]:
        """Return the names that an object of the body may have, in the order of messages."""
        placed = tuple(field.wire_name for field in self.placed if field.place == container)
        if node.form == "rest":
            return tuple(field.wire_name for field in self.rest_members(container))
        return (*(["model"] if not container else []), *(name for name, _ in node.members), *placed)

    def rest_members(self, container: str) -> tuple[Field, ...]:
        """Return the fields in the container of all other parameters, in spec order."""
        mine = (*self.rest, *(field for field in self.placed if field.place == container))
        return tuple(field for field in self.family.fields if field in mine)

    def limits(self) -> dict[str, Rule]:
        """Return every constant with its rule: those of the body form, then those of the fields."""
        rules = [rule for node in self.form.walk() for rule in node.rules]
        rules += [rule for field in self.family.walk() for rule in field.rules]
        return {constant_name(rule): rule for rule in rules if has_constant(rule)}

    def parts(self) -> tuple[str, ...]:
        """Return the fields that are written as parts."""
        return tuple(field for node in self.form.walk() for _, field in node.parts)

    def counted_lists(self) -> tuple[str, ...]:
        """Return the list fields whose length a mode or a relation reads."""
        names = {
            leaf.left.name
            for tree in self.family.modes.values()
            for leaf in leaves(tree)
            if isinstance(leaf, Comparison) and isinstance(leaf.left, ItemCount)
        }
        names |= {rule.limit for field in self.family.walk() for rule in field.rules_of_kind("same_count_as")}
        return tuple(field.name for field in self.family.fields if field.name in names)

    def box_image_lists(self) -> tuple[str, ...]:
        """Return the lists of images that boxes must lie in."""
        names = {rule.limit for field in self.family.walk() for rule in field.rules_of_kind("inside")}
        return tuple(sorted(names))

    def fields_in_modes(self) -> tuple[Field, ...]:
        """Return the fields that modes read, without lists."""
        read = {name for mode in self.family.modes for name in referenced_fields(self.family, mode)}
        return tuple(field for field in self.family.fields if field.name in read and field.type != "list")

    def variable(self, name: str) -> str:
        """Return the local for a name in a mode: a mode, a count or an effective value."""
        if name in self.family.modes:
            return local_name(name)
        if name in ("model", "call"):
            return name
        if name in self._given_keys():
            return given_var(self._given_keys()[name])
        return count_var(name) if self.family.field(name).type == "list" else effective_var(name)

    def _given_keys(self) -> dict[str, str]:
        return {given_key(name): name for name in self.family.given_fields}

    def is_valued(self, field: Field) -> bool:
        """Return True if a mode reads the value of a field, and not only whether it is given."""
        trees = self.family.modes.values()
        return any(
            field.name == (leaf.left.name if isinstance(leaf, Comparison) else leaf.name)
            for tree in trees
            for leaf in leaves(tree)
            if not isinstance(leaf, Given)
        )

    def count_fields(self) -> tuple[Field, ...]:
        """Return the fields that limit the pictures of a call, general ones first."""
        names = dict.fromkeys([self.family.count_of[None], *self.family.count_of.values()])
        return tuple(self.family.field(name) for name in names)

    def depends_on_call(self, mode: str) -> bool:
        """Return True if a mode depends on how the call is made."""
        return "call" in referenced_fields(self.family, mode)


def has_constant(rule: Rule) -> bool:
    """Return True if a rule's limit is a value, and not the rule's presence, a type or a mode."""
    return rule.kind not in _WITHOUT_CONSTANT


def effective_var(name: str) -> str:
    """Return the variable with the effective value of a field, which modes read."""
    return f"_{local_name(name)}_effective"


def given_var(name: str) -> str:
    """Return the variable that is True if the body has a field; None for a value of a wrong type."""
    return f"_{local_name(name)}_given"


def count_var(name: str) -> str:
    """Return the variable with the number of items of a list."""
    return f"_{local_name(name)}_count"


def has_size_var(name: str) -> str:
    """Return the variable that is true if an image of a list is more than a URL."""
    return f"_{local_name(name)}_has_size"


def part_limit(node: Node, name: str) -> Rule | None:
    """Return the rule on the number of parts of one name in a list, or None."""
    return next((rule for rule in node.rules if rule.id.endswith(f".{name}.max_count")), None)


def default_constant(field: Field, condition: Condition | None = None) -> str:
    """Return the constant with a field's default, or with its default under a condition."""
    mode = f"_{path_constant(condition.id_suffix)}" if condition else ""
    return f"{local_name(field.name).upper().rstrip('_')}_DEFAULT{mode}"


def advice_constant(field: Field, word: str) -> str:
    """Return the name of the constant that holds advice on a field: `N_FOR_TESTING`."""
    return f"{local_name(field.name).upper().rstrip('_')}_{path_constant(word)}"


def member_names_constant(owner: Node | Field) -> str:
    """Return the constant that lists the members of an object."""
    return path_constant(owner.path) + "_NAMES"


def part_positions(field: str) -> str:
    """Return the variable with the positions of a field's parts in their list."""
    return f"_{local_name(field)}_positions"


def reference(plan: FamilyLayout, rule: Rule) -> str:
    """Return the expression of a rule's name in generated code."""
    name = named(plan.family, rule)
    return f"{constant_name(rule)}_RULE" if isinstance(name, RuleName) else python_literal(rule.id)


def write_rule_names(plan: FamilyLayout, out: CodeWriter) -> None:
    """Write the constants that `reference` names."""
    out.line(f"{UNKNOWN_MEMBER_HINTS} = _Hints({_unknown_member_arguments(plan)})")
    rules = [rule for node in plan.form.walk() for rule in node.rules]
    rules += [rule for field in plan.family.walk() for rule in field.rules]
    rules += [rule for rule in (plan.family.unknown, plan.family.only_for) if rule]
    for rule in rules:
        name = named(plan.family, rule)
        if isinstance(name, RuleName):
            is_unknown_member = rule.kind in ("unknown", "only_for")
            hints = (
                UNKNOWN_MEMBER_HINTS
                if is_unknown_member
                else f"_Hints({python_literal(name.hints.when)}, {python_literal(name.hints.others)})"
            )
            out.line(f"{constant_name(rule)}_RULE = _RuleName({python_literal(rule.id)}, {hints})")


def _unknown_member_arguments(plan: FamilyLayout) -> str:
    hints = unknown_member_hints(plan.family)
    parts = {"positions": dict(hints.positions), "sizes": hints.sizes, "instead": dict(hints.instead)}
    return ", ".join(f"{name}={python_literal(value)}" for name, value in parts.items())
