"""Write a class for each model with the verbs that it has, such as `wan.wan27_image_pro.edit(...)`.

Its methods are not overloaded, so that type checkers report a wrong parameter in one line.
"""

import re
from collections.abc import Mapping, Sequence

from wanlib.emit.client.methods import (
    DOCSTRINGS,
    ClientModule,
    Signature,
    has_images,
    unpack_parameters,
    write_docstring,
    write_typing_imports,
)
from wanlib.emit.client.typed_dicts import camel_case
from wanlib.emit.python_text import (
    CodeWriter,
    EmitError,
    class_identifier,
    local_name,
    plain_name,
    python_literal,
)
from wanlib.emit.validator.module import header

_CLIENT_NAMES = frozenset(
    (
        *DOCSTRINGS,
        *("task", "tasks", "cancel", "wait", "as_completed", "find_lost", "resume", "get_task"),
        *("close", "spent", "unfinished"),
    )
)
"""The public names of a client, which no attribute for a model may hide."""


def attribute_names(models: Sequence[str]) -> dict[str, str]:
    """Return the attribute of a client for each model: `wan27_image_pro` for `wan2.7-image-pro`.

    Raises:
        EmitError: Two models have the same attribute, or the client has another member of this name.
    """
    names: dict[str, str] = {}
    for model in models:
        name = local_name(re.sub(r"[^a-z0-9]+", "_", model.lower().replace(".", "")).strip("_"))
        if name in _CLIENT_NAMES or name in names.values():
            raise EmitError(f"the client has another member {name!r}; model {model!r} cannot have it too")
        names[model] = name
    return names


def bound_models(models: Mapping[str, Mapping[str, Signature]], client: ClientModule) -> str:
    """Return the text of the module with the classes of all models, for one client.

    Args:
        models: For each model the methods that it has, each with one signature.
        client: The client whose calls the classes make.
    """
    out = CodeWriter()
    out.lines = header("*.yaml")
    out.line(f'"""Each model with its own verbs and parameters, as an attribute of `{client.name}`."""')
    out.line()
    out.line("from __future__ import annotations")
    out.line("from typing import TYPE_CHECKING")
    out.line()
    methods: dict[str, list[Signature]] = {}
    for signatures in models.values():
        for method, signature in signatures.items():
            methods.setdefault(method, []).append(signature)
    with out.block("if TYPE_CHECKING"):
        write_typing_imports(methods, client, out)
        out.line(f"from wanlib.client.{client.module} import {client.base}")
    for model, signatures in models.items():
        _model_class(model, signatures, client, out)
    return out.text()


def class_name(model: str, client: ClientModule) -> str:
    """Return the class of a model: `Wan27ImagePro`, or `AsyncWan27ImagePro`."""
    return class_identifier(client.prefix + camel_case(model))


def write_attributes(models: Sequence[str], client: ClientModule, out: CodeWriter) -> None:
    """Write the attributes of the client class for its models."""
    for model, attribute in attribute_names(models).items():
        name = class_name(model, client)
        out.line()
        out.line("@property")
        with out.block(f"def {attribute}(self) -> {name}"):
            out.line(f'"""The verbs of {plain_name(model)}, with only the parameters of this model."""')
            out.line(f"from .{client.models} import {name}")
            out.line()
            out.line(f"return {name}(self)")


def _model_class(
    model: str, signatures: Mapping[str, Signature], client: ClientModule, out: CodeWriter
) -> None:
    out.line()
    out.line()
    with out.block(f"class {class_name(model, client)}"):
        excluding = "Parameters that exclude each other are checked by the call."
        out.line(f'"""The verbs of {plain_name(model)}. {excluding}"""')
        out.line()
        out.line('__slots__ = ("_client",)')
        out.line()
        with out.block(f"def __init__(self, client: {client.base}) -> None"):
            out.line('"""Bind the model to a client."""')
            out.line("self._client = client")
        for method, signature in signatures.items():
            start, waits = ("async def", "await ") if client.is_awaited(method) else ("def", "")
            parameters = f"self, prompt: str, {unpack_parameters(signature)}"
            out.line()
            with out.block(f"{start} {method}({parameters}) -> {client.results[method][0]}"):
                takes_images = has_images(signature)
                write_docstring(_docstring(method, takes_images), out)
                call = client.call(method, python_literal(model), is_typed=True, has_images=takes_images)
                out.line(f"return {waits}self._client.{call}")


def _docstring(method: str, takes_images: bool) -> str:
    """Return the docstring without the parameters that the method does not have."""
    absent = ("    model: ",) if takes_images else ("    model: ", "    images: ")
    return "\n".join(line for line in DOCSTRINGS[method].split("\n") if not line.startswith(absent))
