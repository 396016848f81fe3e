"""Calls in Python source: of this client, and of the image classes of the official SDK.

The source is parsed and never run. Values that are literals are read, also those of names that are assigned
once. Every other value is assumed to be valid, and is reported as not read: a report on a call does not
cover values that a program computes.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from wanlib.base.values import ABSENT
from wanlib.boundary.body import RequestBuilder
from wanlib.boundary.mode_cases import mode_cases
from wanlib.diff.side import ModelView
from wanlib.migration.call_edits import SourceText
from wanlib.migration.python_text import Written
from wanlib.migration.source_names import SourceNames, last_name
from wanlib.spec import Family, Field, Spec
from wanlib.spec.model.model import Node

MODEL = "model"
"""The argument that names the model."""
VERBS = ("edit", "generate", "submit")
SDK_METHODS = ("call", "async_call", "sync_call")
SDK_POSITIONAL: Mapping[str, Sequence[str]] = {
    "ImageSynthesis": ("model", "prompt", "negative_prompt", "images", "api_key"),
    "ImageGeneration": ("model", "api_key", "messages", "workspace"),
}
"""The positional arguments of the classes of the SDK. Each class has an asynchronous twin."""
TWIN = "Aio"
SDK_KINDS: Mapping[tuple[str, str], str] = {
    ("ImageGeneration", "call"): "sync",
    ("ImageGeneration", "sync_call"): "sync",
    ("ImageGeneration", "async_call"): "async",
    ("ImageSynthesis", "call"): "async",
    ("ImageSynthesis", "sync_call"): "sync",
    ("ImageSynthesis", "async_call"): "async",
}
"""The kind of call of each method of the SDK; `ImageSynthesis.call` waits for the task itself."""
_POSITIONAL = (MODEL, "prompt")
"""The positional arguments of the verbs; a method of a single model takes all but the first."""
_NOT_OURS = ("images",)
"""Attributes of the SDK's second client, which has a different method `generate`."""
_PLACEHOLDER = "https://example.com/{}.png"


class SourceCall(NamedTuple):
    """One call.

    Attributes:
        node: The call.
        line: Its line, from 1.
        model: The model that it names; empty if that is not a literal.
        sdk_class: The class of the SDK, without the prefix of the asynchronous twin; empty for this client.
        positional: The names of the positional arguments.
        values: The fields that can be read, by name. Texts and images are `Written`.
        unread: The names of the arguments that are fields and cannot be read, with their expressions.
        problem: Why the arguments cannot be read; empty if they can.
        kind: How it is sent, `sync` or `async`; None if that is not known.
    """

    node: ast.Call
    line: int
    model: str
    sdk_class: str
    positional: Sequence[str]
    values: Mapping[str, Any]
    unread: Mapping[str, ast.expr]
    problem: str
    kind: str | None = None


def source_calls(spec: Spec, source: SourceText, tree: ast.Module) -> Iterator[SourceCall]:
    """Yield the calls in a module, in the order of the source.

    Args:
        spec: The spec that has the models.
        source: The text of the module.
        tree: The module.
    """
    reader = _Reader(spec, source, SourceNames(tree))
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for node in sorted(nodes, key=lambda node: (node.lineno, node.col_offset)):
        if call := reader.read(node):
            yield call


def body_of_call(spec: Spec, call: SourceCall) -> dict[str, Any] | None:
    """Return the body of a call, with valid values for arguments that are not read.

    Returns:
        The body; None if the spec does not have the model, or its form cannot express the call.
    """
    base = spec.base(call.model)
    if base is None:
        return None
    view = ModelView(spec, call.model)
    samples = RequestBuilder(spec, mode_cases(spec, base)[0]).values
    values = {name: samples[name] for name in call.unread if name in samples and name not in call.values}
    known = {field.name for field in view.family.fields}
    return view.body_of(values | {name: value for name, value in call.values.items() if name in known})


class _Reader:
    """Reads the calls of one module."""

    def __init__(self, spec: Spec, source: SourceText, names: SourceNames) -> None:
        self.spec = spec
        self.source = source
        self.names = names
        self.by_attribute = {attribute_of(model): model for model in spec.models}

    def read(self, node: ast.Call) -> SourceCall | None:
        """Return the data about a call; None for a call to something else."""
        if not isinstance(node.func, ast.Attribute):
            return None
        owner, method = node.func.value, node.func.attr
        sdk_class = self._sdk_class(owner) if method in SDK_METHODS else ""
        model = ""
        if sdk_class:
            positional = SDK_POSITIONAL[sdk_class]
        elif method in VERBS and last_name(owner) not in _NOT_OURS:
            model = self.by_attribute.get(owner.attr, "") if isinstance(owner, ast.Attribute) else ""
            positional = _POSITIONAL[1:] if model else _POSITIONAL
        else:
            return None
        arguments = dict(zip(positional, node.args, strict=False))
        arguments |= {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
        named = arguments.pop(MODEL, None)
        if named is not None and not model:
            literal = self._literal(named)
            model = literal if isinstance(literal, str) else ""
        if self.spec.base(model) is None:
            if not sdk_class or (model and named is not None):
                return None  # a call of something else, or of a model of another kind
            return SourceCall(node, node.lineno, "", sdk_class, positional, {}, {}, "model is not a literal")
        values, unread, problem = self._values(model, arguments, is_sdk=bool(sdk_class))
        if len(node.args) > len(positional) or any(isinstance(each, ast.Starred) for each in node.args):
            problem = "its positional arguments cannot be distinguished"
        kind = SDK_KINDS.get((sdk_class, method), "async" if method == "submit" else None)
        if "stream" in arguments:
            kind = None
        return SourceCall(node, node.lineno, model, sdk_class, positional, values, unread, problem, kind)

    def _sdk_class(self, owner: ast.expr) -> str:
        """Return the class of the SDK that a method is called on; empty for another object."""
        name = self.names.class_of(owner).removeprefix(TWIN)
        return name if name in SDK_POSITIONAL else ""

    def _values(
        self, model: str, arguments: Mapping[str, ast.expr], *, is_sdk: bool
    ) -> tuple[Mapping[str, Any], Mapping[str, ast.expr], str]:
        """Return the values of the fields that can be read, the expressions of the others, and a problem."""
        values: dict[str, Any] = {}
        unread: dict[str, ast.expr] = {}
        problem = ""
        named = arguments
        if is_sdk:
            named, problem = self._by_field(model, arguments)
        fields = {field.name: field for field in self.spec.family(model).fields}
        for name, node in named.items():
            if name not in fields or (is_sdk and self._literal(node) is None):
                continue
            value = self._value(fields[name], node)
            if value is ABSENT:
                unread[name] = node
            else:
                values[name] = value
        return values, unread, problem

    def _value(self, field: Field, node: ast.expr) -> Any:
        if field.type == "image":
            return self._image(node, 1)
        if field.each is not None and field.each.type == "image":
            return self._images(node)
        value = self._literal(node)
        return (
            Written(value, self._source(node)) if field.type == "text" and isinstance(value, str) else value
        )

    def _images(self, node: ast.expr) -> Any:
        """Return the images of a list, or of a single expression; ABSENT if their number is not known."""
        known = self.names.resolve(node)
        if isinstance(known, ast.Constant):
            return [self._image(node, 1)]
        if not isinstance(known, ast.List | ast.Tuple):
            return ABSENT
        return [self._image(each, index) for index, each in enumerate(known.elts, 1)]

    def _image(self, node: ast.expr, number: int) -> Written:
        """Return an image: a data URI itself, else a placeholder, since a file or a URL is valid here."""
        value = self._literal(node)
        is_data = isinstance(value, str) and value[:5].lower() == "data:"
        return Written(value if is_data else _PLACEHOLDER.format(number), self._source(node))

    def _source(self, node: ast.expr) -> str:
        """Return the text of an expression in a form that is valid elsewhere in the program."""
        if isinstance(node, ast.Starred):
            return starred(self.source.of(node.value))
        text = self.source.of(node)
        return f"({text})" if isinstance(node, ast.NamedExpr | ast.Yield | ast.YieldFrom) else text

    def _literal(self, node: ast.expr) -> Any:
        """Return the value of a literal, or of a name that is bound to one; ABSENT for anything else."""
        try:
            return ast.literal_eval(self.names.resolve(node))
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            return ABSENT

    def _by_field(self, model: str, arguments: Mapping[str, ast.expr]) -> tuple[Mapping[str, ast.expr], str]:
        """Return the arguments under the names of the fields that they are sent as, and a problem."""
        family = self.spec.family(model)
        form = self.spec.form(family)
        members = [member for node in form.walk() for member in node.members]
        fields = {field.wire_name: field.name for field in family.fields}
        fields |= {name: node.field for name, node in members if node.form == "leaf" and node.field}
        named = {fields.get(name, name): value for name, value in arguments.items()}
        if not (parts := parts_of(form)):
            return named, ""
        for name, _ in members:
            if name in named and name not in fields:
                try:
                    named |= self._parts(family, named.pop(name), parts)
                except ValueError as error:
                    return named, f"{name}: {error}"
        return named, ""

    def _parts(self, family: Family, messages: ast.expr, parts: Mapping[str, str]) -> Mapping[str, ast.expr]:
        """Return the contents of the parts of messages, by field. Raise ValueError if they cannot be read."""
        expressions: dict[str, list[ast.expr]] = {}
        for part in self._part_dicts(messages, parts):
            for key, value in zip(part.keys, part.values, strict=True):
                name = key.value if isinstance(key, ast.Constant) else None
                if isinstance(name, str) and name in parts:
                    expressions.setdefault(parts[name], []).append(value)
        lists = {name for name in expressions if family.field(name).type == "list"}
        if not expressions or any(len(expressions[name]) > 1 for name in expressions.keys() - lists):
            raise ValueError("its parts cannot be distinguished")
        return {
            name: ast.List(values, ast.Load()) if name in lists else values[0]
            for name, values in expressions.items()
        }

    def _part_dicts(self, node: ast.expr, parts: Mapping[str, str]) -> Iterator[ast.Dict]:
        """Yield the dicts of parts in an expression. Raise ValueError if it has items that are computed."""
        node = self.names.resolve(node)
        inner: Iterable[ast.expr]
        if isinstance(node, ast.Dict):
            if any(isinstance(key, ast.Constant) and key.value in parts for key in node.keys):
                yield node
                return
            inner = [value for value in node.values if not isinstance(value, ast.Attribute)]
        elif isinstance(node, ast.Call):
            values = (*node.args, *(keyword.value for keyword in node.keywords))
            inner = [value for value in values if not isinstance(value, ast.Attribute)]
        elif isinstance(node, ast.List | ast.Tuple):
            inner = node.elts
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            inner = (node.left, node.right)
        elif isinstance(node, ast.Constant):
            inner = ()
        else:
            raise ValueError("its parts are computed")
        for value in inner:
            yield from self._part_dicts(value, parts)


def attribute_of(model: str) -> str:
    """Return the attribute of the client that has the methods of a model."""
    return re.sub(r"\W", "_", model.replace(".", ""))


def starred(text: str) -> str:
    """Return the expression of a list with a star before it."""
    return f"*{text}" if re.fullmatch(r"[\w.]+(\[\w+\])*", text) else f"*({text})"


def parts_of(form: Node) -> Mapping[str, str]:
    """Return the field of each kind of part of a body form; empty for a form without parts."""
    return {name: field for node in form.walk() for name, field in node.parts}
