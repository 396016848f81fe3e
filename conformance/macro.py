"""The macros of vector files: short words for values too big to write out.

`{$text: {char: "字", count: 5001}}` is a character repeated; `{$image: {format: png, width: 240,
height: 240}}` a data URI of a real picture; `{$repeat: {of: VALUE, count: 9}}` stands in a list for
nine members. A macro is a mapping with this one key, so no body can be taken for one by chance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from conformance.pictures import MIMES, data_uri


class Macro(NamedTuple):
    """How a macro expands, and its members with their types."""

    expand: Callable[..., Any]
    required: dict[str, type]
    optional: dict[str, type]


def _text(char: str, count: int) -> str:
    return char * count


def _image(format: str, width: int, height: int, **told: Any) -> str:
    """`mime` is the name told, `bytes` the exact length, `prefix` what stands before the data instead."""
    alpha, mime, size = told.get("alpha", False), told.get("mime"), told.get("bytes")
    uri = data_uri(format, width, height, mime=mime, size_bytes=size, alpha=alpha)
    return told["prefix"] + uri.partition(",")[2] if "prefix" in told else uri


def _repeat(of: Any, count: int) -> list[Any]:
    return [expand(of) for _ in range(count)]


MACROS = {
    "$text": Macro(_text, {"char": str, "count": int}, {}),
    "$image": Macro(
        _image,
        {"format": str, "width": int, "height": int},
        {"bytes": int, "mime": str, "alpha": bool, "prefix": str},
    ),
    "$repeat": Macro(_repeat, {"of": object, "count": int}, {}),
}


def expand(node: Any) -> Any:
    """`node` with every macro in place of which it stands; always new lists and dicts."""
    if isinstance(node, list):
        return [value for item in node for value in _spliced(item)]
    if not isinstance(node, dict):
        return node
    name = _name(node)
    if name is None:
        return {key: expand(value) for key, value in node.items()}
    return MACROS[name].expand(**node[name])


def _spliced(item: Any) -> list[Any]:
    value = expand(item)
    return value if isinstance(item, dict) and _name(item) == "$repeat" else [value]


def _name(node: dict[Any, Any]) -> str | None:
    """The macro that this mapping calls, if any."""
    first = next(iter(node), None)
    return first if isinstance(first, str) and first.startswith("$") else None


def faults(node: Any, in_list: bool = False) -> Iterator[str]:
    """What is wrong with the macros in `node`; told without expanding, so that loading stays cheap."""
    if isinstance(node, list):
        for item in node:
            yield from faults(item, in_list=True)
    elif isinstance(node, dict):
        called = [key for key in node if isinstance(key, str) and key.startswith("$")]
        if called:
            yield from _call_faults(called[0], node, in_list)
        else:
            yield from _key_faults(node)
            for value in node.values():
                yield from faults(value)


def _key_faults(node: dict[Any, Any]) -> Iterator[str]:
    """YAML 1.1 makes booleans of `on` and `yes`; JSON has no such keys."""
    for key in node:
        if not isinstance(key, str):
            yield f"the key {key!r} is no string, quote it"


def _call_faults(name: str, node: dict[Any, Any], in_list: bool) -> Iterator[str]:
    macro, members = MACROS.get(name), node[name]
    if macro is None:
        yield f"no macro {name}, expected one of {', '.join(MACROS)}"
    elif len(node) > 1:
        yield f"{name} stands alone in its mapping, found {', '.join(map(str, node))}"
    elif not isinstance(members, dict):
        yield f"{name} takes a mapping, found {members!r}"
    else:
        yield from _member_faults(name, macro, members)
        if name == "$repeat":
            yield from () if in_list else (f"{name} stands only inside a list",)
            yield from faults(members.get("of"))


def _member_faults(name: str, macro: Macro, members: dict[Any, Any]) -> Iterator[str]:
    known = macro.required | macro.optional
    for member in macro.required.keys() - members.keys():
        yield f"{name} needs {member}"
    for member, value in members.items():
        if member not in known:
            yield f"{name} has no {member}, only {', '.join(known)}"
        elif not _fits(value, known[member]):
            least = " of 0 or more" if known[member] is int else ""
            yield f"{name}: {member} is {value!r}, expected {known[member].__name__}{least}"
    if name == "$image" and members.get("format") not in MIMES:
        yield f"{name}: format is {members.get('format')!r}, expected one of {', '.join(MIMES)}"


def _fits(value: Any, kind: type) -> bool:
    """An int here is a length or a count: no boolean, never negative."""
    if kind is int:
        return type(value) is int and value >= 0
    return isinstance(value, kind)
