"""Where the names that a family documents belong in its bodies."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wanlib.spec.model import Field, Node

_DEEPEST = 2
"""Steps of a path up to which a member counts as a name of the API: `input`, and what is in it."""


def homes_of(fields: "tuple[Field, ...]", form: "Node") -> dict[str, str]:
    """Return where each name belongs, in words: the fields, and the members of the body form.

    Members below the second level are left out: `role` and `content` are parts of a message.
    """
    used = {name for node in form.walk() for name in (node.field, *(part for _, part in node.parts))}
    rest = tuple(each.name for each in fields if each.name not in used and not each.place)
    homes = dict(_homes(form, "", rest))
    return homes | {each.name: f"/{each.place}/{each.name}" for each in fields if each.place}


def _homes(node: "Node", path: str, rest: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if node.form == "leaf":
        yield node.field, path
    elif node.form == "parts":
        for part, field in node.parts:
            yield field, f'{path} as {{"{part}": …}}'
    elif node.form == "rest":
        yield from ((name, f"{path}/{name}") for name in rest)
    for name, child in node.members:
        inner = f"{path}/{name}"
        if inner.count("/") <= _DEEPEST:
            yield name, inner
        yield from _homes(child, inner, rest)
    if node.each:
        yield from _homes(node.each, f"{path}/0", rest)
