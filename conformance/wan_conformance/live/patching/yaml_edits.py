"""Edits of the text of a YAML file: change the limit, outcome and notes of a value, and nothing else."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import yaml


class UnwritableError(Exception):
    """A change that the spec files cannot state; the message says why."""


def find_node(text: str, steps: Sequence[str]) -> yaml.Node | None:
    """Return the value at a path of keys; None if there is none."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    for step in steps:
        if not isinstance(node, yaml.MappingNode):
            return None
        node = next((value for key, value in node.value if key.value == step), None)
    return node


def spliced(text: str, node: yaml.Node, limit: str | None, outcome: str | None, notes: str) -> str:
    """Return the text with another limit, outcome and notes at the value of a rule."""
    parts = {} if outcome is None else {"outcome": outcome}
    parts["notes"] = notes
    if not isinstance(node, yaml.MappingNode) or all(key.value != "is" for key, _ in node.value):
        return _annotated(text, node, limit, parts)
    annotations = {key.value: value for key, value in node.value}
    edits: list[tuple[int, int, str]] = []
    if limit is not None:
        edits.append((*_span(text, annotations["is"]), limit))
    for name, value in list(parts.items()):
        if name in annotations:
            stated = annotations[name]
            written = f"{stated.value} {value}" if name == "notes" else value
            edits.append((*_span(text, stated), scalar(written)))
            del parts[name]
    if parts:
        edits.append(_insertion(text, node, parts))
    for start, end, written in sorted(edits, reverse=True):
        text = text[:start] + written + text[end:]
    return text


def _insertion(text: str, node: yaml.CollectionNode, parts: Mapping[str, str]) -> tuple[int, int, str]:
    """Return where further annotations are inserted: within braces, or on separate lines."""
    if node.flow_style:
        end = _span(text, node.value[-1][1])[1]
        return end, end, "".join(f", {name}: {scalar(value)}" for name, value in parts.items())
    indent = " " * node.start_mark.column
    start = node.start_mark.index
    written = "".join(f"{name}: {scalar(value)}\n{indent}" for name, value in parts.items())
    return start, start, written


def _annotated(text: str, node: yaml.Node, limit: str | None, parts: Mapping[str, str]) -> str:
    """Return the text with a plain value changed to an annotated one."""
    start, end = _span(text, node)
    written = "".join(f", {name}: {scalar(value)}" for name, value in parts.items())
    is_block = isinstance(node, yaml.CollectionNode) and not node.flow_style
    if limit is None and is_block:
        raise UnwritableError("its value has several lines; annotate it by hand")
    if is_block:
        start = text.rindex(":", 0, start) + 1  # on the line of the key, since braces hold it now
        return f"{text[:start]} {{is: {limit}{written}}}{text[end:]}"
    return f"{text[:start]}{{is: {limit or text[start:end]}{written}}}{text[end:]}"


def _span(text: str, node: yaml.Node) -> tuple[int, int]:
    """Return where a value begins and ends; a block ends before the blank space and comments after it."""
    start, end = node.start_mark.index, node.end_mark.index
    if isinstance(node, yaml.CollectionNode) and not node.flow_style:
        end = max(_span(text, child)[1] for child in _children(node))
    return start, end


def _children(node: yaml.CollectionNode) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [value for _, value in node.value]
    return list(node.value)


def scalar(value: Any) -> str:
    """Return a value in YAML, in quotes unless it is a plain word or a number."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) and not (value.isascii() and value.isalpha()):
        return json.dumps(value, ensure_ascii=False)
    return repr(value) if isinstance(value, float) else str(value)


def line_after(text: str, node: yaml.MappingNode, key: str, value: str) -> str:
    """Return the text with one more entry at the end of a mapping."""
    end = _span(text, node.value[-1][1])[1]
    if node.flow_style:
        return f"{text[:end]}, {key}: {value}{text[end:]}"
    end = text.find("\n", end)
    end = len(text) if end < 0 else end
    return f"{text[:end]}\n{' ' * node.start_mark.column}{key}: {value}{text[end:]}"
