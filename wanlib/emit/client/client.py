"""Write the typed clients: overloads of each method for each model, for editors and type checkers.

`clients` returns the text of every module: the clients, the classes of single models, and the parameters.
"""

from collections.abc import Mapping, Sequence

from wanlib.emit.client.bound_models import bound_models, class_name, write_attributes
from wanlib.emit.client.literal_cases import GIVEN, NONE
from wanlib.emit.client.methods import (
    CLIENTS,
    DOCSTRINGS,
    ClientModule,
    Signature,
    images_parameter,
    unpack_parameters,
    write_docstring,
    write_typing_imports,
)
from wanlib.emit.client.overloads import METHODS, merged_overload, overloads
from wanlib.emit.client.typed_dicts import TypedDictWriter
from wanlib.emit.python_text import CodeWriter, python_literal
from wanlib.emit.validator.module import header
from wanlib.spec import Spec

_ANY_MODEL = "ModelName"
_PARAMETERS = """\
from collections.abc import Sequence
from typing import Literal, NewType, Required, TypeAlias, TypedDict

from .calls import API
from wanlib.client.images.inputs import ImageLike
from wanlib.client.call.options import Options, WaitOptions, WaitOrSyncOptions
from wanlib.client.call.arguments import get_model
"""

_Methods = Mapping[str, Sequence[Signature]]


def clients(spec: Spec) -> dict[str, str]:
    """Return the text of each module of the typed clients, by file name: no client loads another."""
    classes = TypedDictWriter()
    methods = {method: _signatures(spec, method, classes) for method in METHODS}
    models = {model: _model_signatures(spec, model, methods, classes) for model in spec.models}
    texts = {}
    for module, client in CLIENTS.items():
        texts[f"{module}.py"] = _module(spec, client, methods)
        texts[f"{client.models}.py"] = bound_models(models, client)
    return texts | {"parameters.py": _parameters(spec, classes)}


def _signatures(spec: Spec, method: str, classes: TypedDictWriter) -> list[Signature]:
    signatures = []
    for model in spec.models:
        siblings = overloads(spec, method, model)
        for overload in siblings:
            name = classes.signature(spec.family(model), model, method, overload, siblings)
            signatures.append(Signature(model, overload, name))
    return signatures


def _model_signatures(
    spec: Spec, model: str, methods: _Methods, classes: TypedDictWriter
) -> dict[str, Signature]:
    """Return one signature for each method of a model, merged from its overloads."""
    merged = {}
    for method, signatures in methods.items():
        own = [signature for signature in signatures if signature.model == model]
        if len(own) == 1:
            merged[method] = own[0]
        elif own:
            overload = merged_overload([signature.overload for signature in own])
            name = classes.merged_signature(spec.family(model), model, method, overload)
            merged[method] = Signature(model, overload, name)
    return merged


def _start(docstring: str, imports: str) -> CodeWriter:
    out = CodeWriter()
    out.lines = [*header("*.yaml"), f'"""{docstring}"""', "", *imports.splitlines()]
    return out


def _parameters(spec: Spec, classes: TypedDictWriter) -> str:
    out = _start("The models, and the parameters that each method takes on each.", _PARAMETERS)
    out.line()
    names = sorted([*classes.lines, "Model", _ANY_MODEL, "model"])
    out.line(f"__all__ = [{', '.join(map(python_literal, names))}]")
    out.line()
    out.line(f"Model: TypeAlias = {_model_literal(spec.models)}")
    out.line('"""The name of a model."""')
    out.line(f'{_ANY_MODEL} = NewType("{_ANY_MODEL}", str)')
    docstring = "The name of a model that is known only at run time; it takes any parameter."
    out.line(f'"""{docstring}"""')
    classes.write(out)
    out.line()
    out.line()
    with out.block(f"def model(name: str) -> {_ANY_MODEL}"):
        write_docstring(DOCSTRINGS["model"], out)
        out.line(f"return {_ANY_MODEL}(get_model(API, name).name)")
    return out.text()


def _module(spec: Spec, client: ClientModule, methods: _Methods) -> str:
    present = {method: signatures for method, signatures in methods.items() if signatures}
    out = _start("A client with each model's own parameters.", "from __future__ import annotations\n")
    out.line()
    out.line("from typing import TYPE_CHECKING, Any, overload")
    out.line()
    out.line("from .calls import API")
    out.line(f"from wanlib.client.{client.module} import {client.base}")
    out.line()
    with out.block("if TYPE_CHECKING"):
        write_typing_imports(present, client, out, _ANY_MODEL)
        names = ", ".join(class_name(model, client) for model in spec.models)
        out.line(f"from .{client.models} import {names}")
    out.line()
    out.line()
    with out.block(f"class {client.name}({client.base})"):
        out.line("_api = API")
        write_attributes(spec.models, client, out)
        for method, signatures in present.items():
            _method(method, client, signatures, out)
    return out.text()


def _method(method: str, client: ClientModule, signatures: Sequence[Signature], out: CodeWriter) -> None:
    """Write the overloads, the last for a model known only at run time, and the implementation."""
    is_awaited = client.is_awaited(method)
    start = f"{'async ' if is_awaited else ''}def {method}(self, model: "
    end = f"-> {client.results[method][0]}"
    heads = [
        f"{start}{_model_literal([signature.model])}, prompt: str, {unpack_parameters(signature)}) {end}"
        for signature in signatures
    ]
    fallback = f"prompt: str, {_fallback_parameters(method, signatures)}) {end}"
    heads.append(f"{start}{_ANY_MODEL}, {fallback}")
    for head in heads:
        out.line()
        out.line("@overload")
        out.line(f"{head}: ...")
    out.line()
    with out.block(f"{start}str, {fallback}"):
        write_docstring(DOCSTRINGS[method], out)
        call = client.call(method, "model")
        out.line(f"return {client.waits if is_awaited else ''}self.{call}")


def _fallback_parameters(method: str, signatures: Sequence[Signature]) -> str:
    """Return parameters that accept all arguments that any of these signatures accepts."""
    if method == "generate":
        return "**parameters: Any"
    always = all(signature.overload.of("images").values == (GIVEN,) for signature in signatures)
    return f"{images_parameter((GIVEN,) if always else (GIVEN, NONE))}**parameters: Any"


def _model_literal(models: Sequence[str]) -> str:
    return f"Literal[{', '.join(map(python_literal, models))}]"
