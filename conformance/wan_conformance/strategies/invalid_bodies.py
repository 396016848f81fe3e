"""Changes to a valid body that violate one rule of its envelope and no other."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from wan_conformance.strategies.byte_source import ByteSource
from wan_conformance.strategies.invalid_values import PLAIN, choose, wrong_type_values
from wan_conformance.strategies.requests import EnvelopeBuilder
from wanlib.spec.model.model import Family, Node, Rule
from wanlib.spec.model.spec import Spec

BodyBreak = Callable[[Any, ByteSource], Any]

_UNKNOWN_MODELS = (
    *("", "wan9.9-image", "wan2.7", "WAN2.7-IMAGE", "wan2.7-image ", "wan2.7-image\n", "default"),
    *("wan2.7-image-ft-2026-ab12", "wan2.6-image-c"),
)
_UNKNOWN_PART_MEMBERS = ("type", "name", "Text", "", "a/b~c")
_UNKNOWN_MEMBERS = (
    *("quality", "input_image", "Model", "", "a/b~c"),
    *("prompt", "images", "size", "n", "negative_prompt"),
)
_BROKEN_PARTS: tuple[Any, ...] = (
    *({}, {"video": "https://example.com/a.mp4"}, {"image": "https://example.com/a.png", "text": "x"}),
    *({"type": "text"}, {"Text": "x"}, {"image_url": {"url": "x"}}),
    *("text", None, 5, ["text", "x"]),
)


def envelope_violation(spec: Spec, family: Family, rule: Rule) -> BodyBreak:
    """Return the change that violates a rule which is not about the value of one field."""
    if rule.kind == "model":
        return _unknown_model
    if rule.kind in ("endpoints", "only_in"):
        return lambda body, source: body
    if rule.kind == "only_for":
        return _foreign(rule)
    envelope = EnvelopeBuilder(spec.form(family), family)
    if rule.kind == "place":
        return _wrong_place(envelope, family, rule)
    node = next(
        node
        for node in envelope.form.walk()
        if rule.id in [own.id for own in node.rules] or (rule is family.unknown and node.form == "rest")
    )
    return _ENVELOPE[rule.kind](node, envelope, family)


def _steps(node: Node) -> list[str | int]:
    return [0 if step == "each" else step for step in node.path.split(".")[1:]]


def _value_at(body: Any, steps: list[str | int]) -> Any:
    for step in steps:
        body = body[step]
    return body


def _unknown_model(body: Any, source: ByteSource) -> Any:
    choice, model = source.byte(), source.choose((*_UNKNOWN_MODELS, *wrong_type_values("text")))
    if choice < 64:
        return {name: value for name, value in body.items() if name != "model"}
    return body | {"model": model} if choice < 224 else choose(wrong_type_values("object"), source)


def _wrong_place(envelope: EnvelopeBuilder, family: Family, rule: Rule) -> BodyBreak:
    name = family.field(rule.field).wire_name
    nodes = [node for node in envelope.form.walk() if node.form in ("object", "rest")]
    steps_of_places = [
        _steps(node) for node in nodes if len(_steps(node)) < 2 and _steps(node) != [rule.limit]
    ]

    def change(body: Any, source: ByteSource) -> Any:
        value = _value_at(body, [rule.limit]).pop(name)
        steps = source.choose(steps_of_places)
        if steps:
            body.setdefault(steps[0], {})
        _value_at(body, steps)[name] = value if source.byte() < 192 else choose(PLAIN, source)
        return body

    return change


def _missing(node: Node, envelope: EnvelopeBuilder, family: Family) -> BodyBreak:
    *before, last = _steps(node)

    def change(body: Any, source: ByteSource) -> Any:
        if source.flag():
            _value_at(body, before)[last] = None
        else:
            del _value_at(body, before)[last]
        return body

    return change


def _replaced(values: tuple[Any, ...]) -> Callable[[Node, EnvelopeBuilder, Family], BodyBreak]:
    def build(node: Node, envelope: EnvelopeBuilder, family: Family) -> BodyBreak:
        *before, last = _steps(node)

        def change(body: Any, source: ByteSource) -> Any:
            _value_at(body, before)[last] = choose(values, source)
            return body

        return change

    return build


def _mistyped(node: Node, envelope: EnvelopeBuilder, family: Family) -> BodyBreak:
    kinds = {"constant": "text", "parts": "list", "rest": "object"}
    values = wrong_type_values(kinds.get(node.form, node.form))
    if node.rule("required"):
        values = tuple(value for value in values if value is not None)
    return _replaced(values)(node, envelope, family)


def _unknown_member(node: Node, envelope: EnvelopeBuilder, family: Family) -> BodyBreak:
    """Add a member that is not documented here; a field documented elsewhere would violate its place."""
    if node.form == "parts":
        return _unknown_part_member(node)
    steps = _steps(node)
    documented = {"model", *dict(node.members), *(field.wire_name for field in family.fields if field.place)}
    documented |= set(envelope.rest_names) if node.form == "rest" else set()
    if len(steps) < 2 and family.only_for:
        documented |= set(family.only_for.limit)
    names = [name for name in _UNKNOWN_MEMBERS if name not in documented]

    def change(body: Any, source: ByteSource) -> Any:
        if node.form == "rest":
            body.setdefault(steps[0], {})
        _value_at(body, steps)[source.choose(names)] = choose(PLAIN, source)
        return body

    return change


def _unknown_part_member(node: Node) -> BodyBreak:
    def change(body: Any, source: ByteSource) -> Any:
        part = source.choose(_value_at(body, _steps(node)))
        part[source.choose(_UNKNOWN_PART_MEMBERS)] = choose((*PLAIN, *dict(node.parts)), source)
        return body

    return change


def _foreign(rule: Rule) -> BodyBreak:
    """Add a parameter that only other models document, in any container of names."""

    def change(body: Any, source: ByteSource) -> Any:
        name, container = source.choose(tuple(rule.limit)), source.choose(("parameters", "input", ""))
        holder = body.setdefault(container, {}) if container else body
        holder[name] = choose(PLAIN, source)
        return body

    return change


def _other_count(node: Node, envelope: EnvelopeBuilder, family: Family) -> BodyBreak:
    *before, last = _steps(node)

    def change(body: Any, source: ByteSource) -> Any:
        items = _value_at(body, before)[last]
        copies = source.choose([count for count in (0, 2, 3, 1) if count != len(items)])
        _value_at(body, before)[last] = [deepcopy(item) for _ in range(copies) for item in items]
        return body

    return change


def _broken_part(node: Node, envelope: EnvelopeBuilder, family: Family) -> BodyBreak:
    names = {name for name, _ in node.parts}
    parts = tuple(
        part for part in _BROKEN_PARTS if not isinstance(part, dict) or len(names & part.keys()) != 1
    )

    def change(body: Any, source: ByteSource) -> Any:
        own = _value_at(body, _steps(node))
        own.insert(source.byte() % (len(own) + 1), choose(parts, source))
        return body

    return change


def _second_part(node: Node, envelope: EnvelopeBuilder, family: Family) -> BodyBreak:
    """Add a part at the end, since the first one counts."""
    rule = next(rule for rule in node.rules if rule.kind == "max_count")
    name = rule.id.split(".")[-2]

    def change(body: Any, source: ByteSource) -> Any:
        extra = source.choose(("", "another", None, 5))
        _value_at(body, _steps(node)).extend({name: extra} for _ in range(source.choose((1, 2, 5))))
        return body

    return change


_ENVELOPE: Mapping[str, Callable[[Node, EnvelopeBuilder, Family], BodyBreak]] = {
    "required": _missing,
    "type": _mistyped,
    "unknown": _unknown_member,
    "count": _other_count,
    "one_of": _replaced(("assistant", "system", "", "User", "user ", "tool")),
    "parts": _broken_part,
    "max_count": _second_part,
}
