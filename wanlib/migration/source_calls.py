"""Calls in Python source: of this client, and of the image classes of the official SDK.

The source is parsed and never run. Values that stand in the call as literals are read; every other value is
taken to be a valid one, and is named as not read. So a report on a call says nothing about values that a
program computes.
"""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from wanlib.base.values import ABSENT
from wanlib.boundary.body import RequestBuilder
from wanlib.boundary.mode_cases import mode_cases
from wanlib.diff.side import ModelView
from wanlib.spec import Family, Spec

_VERBS = ("edit", "generate", "submit")
_POSITIONAL = ("model", "prompt")
"""The positional arguments of the verbs; a method of one model begins with the second."""
_SDK_CLASSES = ("ImageSynthesis", "ImageGeneration", "AioImageSynthesis", "AioImageGeneration")
_SDK_METHODS = ("call", "async_call", "sync_call")
_PLACEHOLDER = "https://example.com/{}.png"


class SourceCall(NamedTuple):
    """One call.

    Attributes:
        file: The file.
        line: The line of the call, from 1.
        model: The model that it names.
        values: The fields that are written as literals, or stand in for what is not, by name.
        unread: The fields whose values are not literals.
    """

    file: Path
    line: int
    model: str
    values: Mapping[str, Any]
    unread: tuple[str, ...]


def source_calls(spec: Spec, source: Path) -> Iterator[SourceCall]:
    """Yield the calls in a file, or in every `.py` file below a folder, sorted by file.

    A file that is not Python is left out.

    Args:
        spec: The spec that has the models.
        source: A file or a folder.
    """
    files = sorted(source.rglob("*.py")) if source.is_dir() else [source]
    for file in files:
        try:
            tree = ast.parse(file.read_bytes())
        except (SyntaxError, ValueError, RecursionError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and (call := _read_call(spec, node)):
                model, arguments = call
                arguments = _by_field(spec, model, arguments)
                values, unread = _values(spec, model, arguments)
                yield SourceCall(file, node.lineno, model, values, unread)


def body_of_call(spec: Spec, call: SourceCall) -> dict[str, Any] | None:
    """Return the body of a call; None if the spec does not have the model, or its form cannot express it."""
    if spec.base(call.model) is None:
        return None
    view = ModelView(spec, call.model)
    samples = RequestBuilder(spec, mode_cases(spec, spec.base(call.model) or "")[0]).values
    known = {field.name for field in view.family.fields}
    values = {name: value for name, value in call.values.items() if name in known}
    for name in call.unread:
        if name in known and name not in values and name in samples:
            values[name] = samples[name]
    return view.body_of(values)


# One call.


def _read_call(spec: Spec, node: ast.Call) -> tuple[str, Mapping[str, ast.expr]] | None:
    """Return the model and the arguments by name; None for a call of something else."""
    if not isinstance(node.func, ast.Attribute):
        return None
    arguments = {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
    owner = node.func.value
    if node.func.attr in _SDK_METHODS and _last_name(owner) in _SDK_CLASSES:
        names: Sequence[str] = _POSITIONAL
    elif node.func.attr in _VERBS:
        model = _model_of_face(spec, owner)
        if model:
            return model, dict(zip(_POSITIONAL[1:], node.args, strict=False)) | arguments
        names = _POSITIONAL
    else:
        return None
    arguments = dict(zip(names, node.args, strict=False)) | arguments
    named = arguments.pop("model", None)
    if not isinstance(named, ast.Constant) or spec.base(named.value) is None:
        return None
    return str(named.value), arguments


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _model_of_face(spec: Spec, owner: ast.expr) -> str | None:
    """Return the model of `wan.wan27_image_pro`; None if the object is another one."""
    if not isinstance(owner, ast.Attribute):
        return None
    faces = {_face(model): model for model in spec.models}
    return faces.get(owner.attr)


def _face(model: str) -> str:
    return re.sub(r"\W", "_", model.replace(".", ""))


def _values(
    spec: Spec, model: str, arguments: Mapping[str, ast.expr]
) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    """Return the literal values of the fields, and the names of the others."""
    values: dict[str, Any] = {}
    unread: list[str] = []
    fields = {field.name: field for field in spec.family(model).fields}
    for name, node in arguments.items():
        if name not in fields:
            continue
        item = fields[name].each
        value = _images(node) if item is not None and item.type == "image" else _literal(node)
        if value is ABSENT:
            unread.append(name)
        else:
            values[name] = value
    return values, tuple(unread)


def _literal(node: ast.expr) -> Any:
    """Return the value of a literal; ABSENT for anything else."""
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return ABSENT


def _images(node: ast.expr) -> Any:
    """Return as many placeholders as a list has items: files and URLs are not what a diff is about."""
    if isinstance(node, ast.List | ast.Tuple):
        return [_PLACEHOLDER.format(index + 1) for index in range(len(node.elts))]
    return [_PLACEHOLDER.format(1)] if isinstance(node, ast.Constant) else ABSENT


def _by_field(spec: Spec, model: str, arguments: Mapping[str, ast.expr]) -> Mapping[str, ast.expr]:
    """Return the arguments under the names of the fields that they are sent as."""
    form = spec.bodies[spec.family(model).body]
    members = [member for node in form.walk() for member in node.members]
    fields = {name: node.field for name, node in members if node.form == "leaf" and node.field}
    parts = {name: field for node in form.walk() for name, field in node.parts}
    named = {fields.get(name, name): value for name, value in arguments.items()}
    for name, _ in members:
        if parts and name in named and name not in fields.values():
            named |= _parts(spec.family(model), named.pop(name), parts)
    return named


def _parts(family: Family, messages: ast.expr, parts: Mapping[str, str]) -> Mapping[str, ast.expr]:
    """Return what stands in the parts of messages, by field; of several for one field, a list."""
    expressions: dict[str, list[ast.expr]] = {}
    for part in (node for node in ast.walk(messages) if isinstance(node, ast.Dict)):
        for key, value in zip(part.keys, part.values, strict=True):
            name = key.value if isinstance(key, ast.Constant) else None
            if isinstance(name, str) and name in parts:
                expressions.setdefault(parts[name], []).append(value)
    return {
        field: ast.List(values, ast.Load()) if family.field(field).type == "list" else values[0]
        for field, values in expressions.items()
    }
