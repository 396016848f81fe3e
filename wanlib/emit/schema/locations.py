"""The places of the fields of a body form in its JSON Schema."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from wanlib.spec import Family, Node

Schema = dict[str, Any]
Steps = tuple[str, ...]
OBJECT, LIST = "object", "array"


@dataclass(frozen=True, slots=True)
class SchemaLocation:
    """The place of a field's value.

    Attributes:
        holder: The schema steps to the object or list of parts that holds the value.
        member: The name of the value there.
        form: `member`; `only`, a list written as its one element; `parts`, a list spread over a list of
            parts; `part`, the first part of its name; `item`, an item of the list that is its holder.
        trail: For a field of its own, the nodes from the top to its holder, each with the member that leads
            to the next one ("" into a list).
        others: For parts, the names of the other kinds of part.
    """

    holder: Steps
    member: str = ""
    form: str = "item"
    trail: tuple[tuple[Node, str], ...] = ()
    others: tuple[str, ...] = ()

    @property
    def steps(self) -> Steps:
        """Return the schema steps to the value; a value spread over its holder has the holder's steps."""
        if self.form == "parts":
            return self.holder
        if self.form == "item":
            return (*self.holder, "items")
        return (
            *self.holder,
            *(("items", "properties") if self.form == "part" else ("properties",)),
            self.member,
        )

    @property
    def item(self) -> "SchemaLocation":
        """Return the place of each item of a list."""
        if self.form == "parts":
            return SchemaLocation(self.holder, self.member, "part", others=self.others)
        return (
            SchemaLocation(self.holder, self.member, "member")
            if self.form == "only"
            else SchemaLocation(self.steps)
        )

    def inner(self, name: str) -> "SchemaLocation":
        """Return the place of a member of an object."""
        return SchemaLocation(self.steps, name, "member")


def places(family: Family, form: Node) -> Mapping[str, SchemaLocation]:
    """Return the place of every field of a family by name."""
    locations = dict(_walk(family, form, (), ()))
    rest = next((name for name, child in form.members if child.form == "rest"), "")
    for field in family.fields:
        if field.place:
            locations[field.name] = _top(form, field.place, field.wire_name)
        elif field.name not in locations:
            locations[field.name] = _top(form, rest, field.wire_name)
    return {field.name: locations[field.name] for field in family.fields}


def _top(form: Node, container: str, name: str) -> SchemaLocation:
    return SchemaLocation(("properties", container), name, "member", ((form, container),))


def _walk(
    family: Family, node: Node, trail: tuple[tuple[Node, str], ...], steps: Steps
) -> Iterator[tuple[str, SchemaLocation]]:
    for name, field in node.parts:
        form = "parts" if family.field(field).type == "list" else "part"
        yield field, SchemaLocation(steps, name, form, trail, other_parts(node, name))
    for name, child in node.members:
        if child.form == "leaf":
            yield child.field, SchemaLocation(steps, name, "only" if child.only else "member", trail)
        else:
            yield from _walk(family, child, (*trail, (node, name)), (*steps, "properties", name))
    if node.each:
        yield from _walk(family, node.each, (*trail, (node, "")), (*steps, "items"))


def required_holder(place: SchemaLocation, holder: Schema, *, absent: bool) -> Schema:
    """Return the schema of bodies in which the holder of a place is present and satisfies `holder`.

    absent: also accept bodies that leave out an optional holder (`parameters`).
    """
    for node, member in reversed(place.trail):
        holder = _held(node, member, holder, absent)
    return holder


def _held(node: Node, member: str, inner: Schema, absent: bool) -> Schema:
    if node.form == "list":
        count = node.rule("count")
        items = count_keywords(SchemaLocation(()), count.limit, count.limit) if count else {}
        return {"type": LIST} | items | {"items": inner}
    optional = absent and dict(node.members)[member].form == "rest"
    return {"type": OBJECT} | ({} if optional else {"required": [member]}) | {"properties": {member: inner}}


def other_parts(node: Node, name: str) -> tuple[str, ...]:
    """Return the names of the other kinds of part of a list."""
    return tuple(other for other, _ in node.parts if other != name)


def contains_part(place: SchemaLocation) -> Schema:
    """Return the schema of a complete part of a name, as `contains` counts it: without other names."""
    others = {"properties": dict.fromkeys(place.others, False)} if place.others else {}
    return {"type": OBJECT, "required": [place.member]} | others


def count_keywords(place: SchemaLocation, low: int, high: int | None) -> Schema:
    """Return the keywords that limit a list to low..high items, at its steps."""
    if place.form == "parts" and (low or high is not None):
        top = {} if high is None else {"maxContains": high}
        return {"contains": contains_part(place)} | ({} if low == 1 else {"minContains": low}) | top
    return ({"minItems": low} if low else {}) | ({} if high is None else {"maxItems": high})
