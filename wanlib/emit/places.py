"""Where each field stands in a body, as Python expressions for JSON Pointers."""

from dataclasses import dataclass

from wanlib.emit.envelope import at
from wanlib.emit.plan import Plan
from wanlib.spec import Node


@dataclass(frozen=True, slots=True)
class Place:
    """text: the pointer, with `{…}` where an index belongs. item: the same for an item of a list."""

    text: str
    item: str

    def inner(self, step: str) -> "Place":
        """The place of a member or item below; `step` may hold `{…}`."""
        return Place(f"{self.text}/{step}", f"{self.text}/{step}/{{}}")


def pointer(text: str) -> str:
    """The expression of a pointer: an f-string only where an index belongs."""
    return f"f{text!r}" if "{" in text else repr(text)


def places(plan: Plan) -> dict[str, Place]:
    """The place of each field of a family, by name."""
    found: dict[str, Place] = {}
    _walk(plan, plan.form, "", found)
    for field in plan.placed:
        found[field.name] = Place(f"/{field.place}/{field.name}", f"/{field.place}/{field.name}/{{}}")
    return found


def _walk(plan: Plan, node: Node, path: str, found: dict[str, Place]) -> None:
    if node.form == "leaf":
        found[node.field] = Place(path, path if node.only else path + "/{}")
    elif node.form == "rest":
        for field in plan.rest:
            found[field.name] = Place(f"{path}/{field.name}", f"{path}/{field.name}/{{}}")
    elif node.form == "parts":
        for name, part in node.parts:
            if plan.family.field(part).type == "list":
                found[part] = Place(path, f"{path}/{{{at(part)}[{{}}]}}/{name}")
            else:
                found[part] = Place(f"{path}/{{{at(part)}}}/{name}", "")
    for name, child in node.members:
        _walk(plan, child, f"{path}/{name}", found)
    if node.each:
        _walk(plan, node.each, f"{path}/0", found)
