"""The rules that no call of the client can break, derived from the spec."""

from collections.abc import Iterator

from wanlib.spec import Family, Field, Rule, Spec

_SAID = frozenset({"wire/model", "wire/endpoints"})


def unsayable(spec: Spec) -> frozenset[str]:
    """Ids of the rules on bodies that the client keeps by its very form."""
    envelope = (rule for rule in spec.rules.values() if rule.scope == "body" and rule.id.startswith("wire/"))
    found = {rule.id for rule in envelope} - _SAID
    for family in spec.families:
        parts = {name for node in spec.bodies[family.body].walk() for _, name in node.parts}
        for field in family.walk():
            found |= {rule.id for rule in field.rules if _kept(family, field, rule, parts)}
    return frozenset(found)


def _kept(family: Family, field: Field, rule: Rule, parts: set[str]) -> bool:
    return any(_reasons(family, field, rule, parts))


def _reasons(family: Family, field: Field, rule: Rule, parts: set[str]) -> Iterator[bool]:
    is_images = field.path == "images"
    # The client writes a field where it belongs.
    yield rule.kind == "place"
    # It takes for an image only what is one; anything else is InvalidArgumentError, without a rule.
    yield field.type == "image" and rule.kind in ("type", "schemes")
    yield is_images and rule.kind == "type"
    # Every verb takes a prompt, and says itself what it means.
    yield rule.kind == "required" and field.path == "prompt"
    meant = [verb.means[field.path] for verb in family.verbs.values() if field.path in verb.means]
    yield rule.kind == "required" and bool(meant)
    yield rule.kind == "one_of" and tuple(rule.limit) == tuple(meant)
    # A list without an image is no list to it, so `required` is what such a call breaks.
    yield is_images and rule.kind == "min_count" and field.path not in parts and rule.limit <= 1
