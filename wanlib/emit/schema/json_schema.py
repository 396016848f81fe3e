"""Export the JSON Schema (2020-12) of a model's wire bodies, with all rules that JSON Schema can express.

Each asserting keyword names its rule in the annotation `x-wan-rules` of the same schema, so that an error
is mapped to a rule id: `errors_to_rules.violated_rules`. The other kinds (pixels, ratios, bytes of images,
sums) are in the descriptions.
"""

from collections.abc import Iterator
from typing import Any

from wanlib.emit.schema.body import ABOUT, RULES, schema_at, write_body_form, write_rule
from wanlib.emit.schema.descriptions import field_description
from wanlib.emit.schema.keywords import KEYWORDS, NOT_NULL
from wanlib.emit.schema.locations import OBJECT, Schema, SchemaLocation, count_keywords, places
from wanlib.emit.schema.models import models_pattern
from wanlib.emit.schema.modes import Guards, ModeSchemas, all_of
from wanlib.spec import Condition, Field, Rule, Spec

DIALECT = "https://json-schema.org/draft/2020-12/schema"
CLAIMS = frozenset(KEYWORDS) | {"model", "parts", "place", "same_count_as", "requires", "excludes"}
"""The kinds that the schema judges. Their rules that depend on the call are left out."""


def is_expressible(rule: Rule) -> bool:
    """Return whether keywords express a rule on a value. Validators divide fractions inexactly."""
    return rule.kind in KEYWORDS and not (rule.kind == "step" and isinstance(rule.limit, float))


def schema(spec: Spec, model: str) -> dict[str, Any]:
    """Return the JSON Schema of a wire body for one model.

    It accepts the bodies that satisfy every claimed rule of any outcome. A body does not contain how it is
    sent, so rules that depend on the call are left out. `same_count_as` is enumerated up to twice the other
    list's `max_count`: two longer lists of unequal length pass.

    Raises:
        KeyError: The model is unknown.
    """
    return _Builder(spec, model).build()


def envelope(spec: Spec) -> dict[str, Any]:
    """Return the JSON Schema that every body satisfies: an object that names a known model."""
    return _head("Any request body", "envelope", "The model decides which schema applies.") | _named(
        {"type": "string", "pattern": models_pattern(spec, spec.models)}
    )


def _head(title: str, name: str, description: str) -> Schema:
    return {
        "$schema": DIALECT,
        "$id": f"urn:wanlib:schema:{name}",
        "title": title,
        "description": description,
    }


def _named(model: Schema) -> Schema:
    """Return the schema of an object with a model, on which everything else depends."""
    return {
        "type": OBJECT,
        "required": ["model"],
        RULES: {"type": "wire/model", "required": {"model": "wire/model"}},
        "properties": {"model": {**model, RULES: dict.fromkeys(model, "wire/model")}},
    }


def _drop_invalid_defaults(node: Any) -> None:
    """Remove the default of a value that is never allowed: OpenAPI requires that a default is valid."""
    if isinstance(node, dict):
        if node.get("not") == {} and not isinstance(node.get("default"), dict):
            node.pop("default", None)
        for inner in node.values():
            _drop_invalid_defaults(inner)
    elif isinstance(node, list):
        for inner in node:
            _drop_invalid_defaults(inner)


class _Builder:
    """Puts the rules of one model at their values, and those of a mode into a schema behind `if`."""

    def __init__(self, spec: Spec, model: str) -> None:
        self.family = spec.family(model)
        self.places = places(self.family, spec.form(self.family))
        self.guards = Guards(self.family, self.places)
        self.modes = ModeSchemas(self.guards, model)
        self.defs: dict[str, Schema] = {}
        self.root = _head(
            f"A request body for {model}",
            model,
            "All rules that JSON Schema can express; the descriptions have the others. null is not a value.",
        ) | _named({"type": "string", "pattern": models_pattern(spec, (model,))})
        self.groups: dict[tuple[str, ...], Schema] = {(): self.root}
        write_body_form(self.root, self.family, spec.form(self.family))

    def build(self) -> Schema:
        for field in self.family.fields:
            self._field(field, self.places[field.name])
        for needed, group in self.groups.items():
            if needed:
                self._when(_references(needed), group)
        for field in self.family.fields:
            for rule in field.rules_of_kind("same_count_as"):
                if (modes := self._guards_for(field, rule)) is not None:
                    self._same_count(field, rule, modes)
            for rule in (*field.rules_of_kind("requires"), *field.rules_of_kind("excludes")):
                if (modes := self._guards_for(field, rule)) is not None:
                    self._companions(field, rule, modes)
        _drop_invalid_defaults(self.root)
        return self.root | {"$defs": self.defs}

    def _when(self, conditions: list[Schema], then: Schema) -> None:
        self.root.setdefault("allOf", []).append({"if": all_of(conditions), "then": then})

    def _field(self, field: Field, place: SchemaLocation) -> None:
        self._annotate(field, place)
        for rule in field.rules:
            if is_expressible(rule) and (needed := self._guards_for(field, rule)) is not None:
                self._put(self.groups.setdefault(needed, {}), rule, place)
        if field.each:
            self._field(field.each, place.item)
        for member in field.members:
            self._field(member, place.inner(member.name))

    def _annotate(self, field: Field, place: SchemaLocation) -> None:
        node = schema_at(self.root, place.steps)
        words = (
            f"{field.name.capitalize()}: {field_description(field)}"
            if place.form == "parts"
            else field_description(field)
        )
        node["description"] = f"{node['description']} {words}" if "description" in node else words
        if field.default.get(None, "derived") != "derived":
            node["default"] = field.default[None]

    def _put(self, root: Schema, rule: Rule, place: SchemaLocation) -> None:
        keywords = KEYWORDS[rule.kind](rule, place)
        if rule.kind != "required":
            write_rule(root, place.steps, keywords, rule.id)
        elif place.form != "parts":  # a list of parts is always there
            write_rule(root, place.holder, keywords, rule.id)
            if place.form != "part":
                write_rule(root, place.steps, NOT_NULL, rule.id)
            self._require_holder(root, rule, place)

    def _require_holder(self, root: Schema, rule: Rule, place: SchemaLocation) -> None:
        """Require an optional holder such as `parameters` if it has required members."""
        for node, member in place.trail[-1:]:
            if (member, "rest") in ((name, child.form) for name, child in node.members):
                write_rule(root, (), {"required": [member]}, rule.id)

    def _guards_for(self, field: Field, rule: Rule) -> tuple[str, ...] | None:
        """Return the `$defs` that a rule depends on; None if no body shows or violates it."""
        needed = []
        for condition in _conditions(field, rule):
            schema = self.modes.schema(condition)
            if schema is None or schema is False:
                return None
            if schema is not True:
                self.defs[condition.id_suffix] = schema
                needed.append(condition.id_suffix)
        return tuple(needed)

    def _companions(self, field: Field, rule: Rule, needed: tuple[str, ...]) -> None:
        """Write that a field is refused if another one is missing, or if another one is given."""
        others = (
            [self.guards.is_given(name) for name in rule.limit]
            if rule.kind == "excludes"
            else [self.guards.is_absent(rule.limit)]
        )
        place = self.places[field.name]
        for other in others:
            keywords = {
                "not": {},
                RULES: {"not": rule.id},
                ABOUT: [step for step in place.steps if step != "properties"],
            }
            self._when([*_references(needed), self.guards.is_stated(field.name), other], keywords)

    def _same_count(self, field: Field, rule: Rule, needed: tuple[str, ...]) -> None:
        """Write the pairs of counts that go together, and all that are not enumerated.

        An `if` for each count is easier to read, but generators of values cannot negate `contains`.
        """
        place, other = self.places[field.name], self.family.field(rule.limit)
        max_count = 2 * max((rule.limit for rule in other.rules_of_kind("max_count")), default=0)
        pairs = []
        for low, high in (*((count, count) for count in range(max_count + 1)), (max_count + 1, None)):
            own: Schema = {}
            schema_at(own, place.steps).update(count_keywords(place, low, high))
            pairs.append({"allOf": [self.guards.counts(other.name, low, high), own]})
        known = [self.guards.counts(other.name, 0, None), self.guards.is_present(field.name)]
        keywords = {
            "anyOf": pairs,
            RULES: {"anyOf": rule.id},
            ABOUT: [step for step in place.steps if step != "properties"],
        }
        self._when([*_references(needed), *known], keywords)


def _references(suffixes: tuple[str, ...]) -> list[Schema]:
    return [{"$ref": f"#/$defs/{suffix}"} for suffix in suffixes]


def _conditions(field: Field, rule: Rule) -> Iterator[Condition]:
    """Return the conditions of a rule: its mode, or the absence of all modes that replace it."""
    if isinstance(rule.limit, Condition):
        yield Condition(rule.limit.mode, not rule.limit.wanted)
    elif rule.condition:
        yield rule.condition
    else:
        for variant in field.rules_of_kind(rule.kind):
            if variant.condition:
                yield Condition(variant.condition.mode, not variant.condition.wanted)
