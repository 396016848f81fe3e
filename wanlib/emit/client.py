"""The typed face of the clients: an overload of each method for each model, for editors and type checkers."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from wanlib.emit.classes import Classes
from wanlib.emit.client_words import WORDS
from wanlib.emit.names import literal
from wanlib.emit.signatures import METHODS, Overload, overloads
from wanlib.emit.situations import GIVEN, NONE
from wanlib.emit.validator import header
from wanlib.emit.writer import Writer
from wanlib.spec import Spec

PARAMETERS = "wanlib.generated.parameters"
_ANY_MODEL = "ModelName"
_PARAMETERS = """\
from collections.abc import Sequence
from typing import Literal, NewType, Required, TypeAlias, TypedDict

from wanlib.generated.calls import API
from wanlib.runtime.images import ImageLike
from wanlib.runtime.options import Options, Waiting, WaitingOrSync
from wanlib.runtime.asked import find_model
"""
_CALLS = {
    "edit": '_edit("edit", model, prompt, images, parameters)',
    "generate": '_edit("generate", model, prompt, (), parameters)',
    "stream": "_stream(model, prompt, images, parameters)",
    "submit": "_submit(model, prompt, images, parameters)",
    "prepare": "_prepare(model, prompt, images, parameters)",
}


class Face(NamedTuple):
    """A client's class; its docstring is the base's, which says what the settings are.

    module: of the base. waits: the word before what is awaited. results: by method, class and module.
    """

    name: str
    base: str
    module: str
    waits: str
    results: Mapping[str, tuple[str, str]]


_PREPARED = {"prepare": ("Prepared", "prepared")}
_SYNC = {
    "edit": ("Output", "outputs"),
    "generate": ("Output", "outputs"),
    "stream": ("Stream", "streams"),
    "submit": ("Task", "tasks"),
}
_ASYNC = {
    "edit": ("AsyncOutput", "outputs"),
    "generate": ("AsyncOutput", "outputs"),
    "stream": ("AsyncStream", "streams_async"),
    "submit": ("AsyncTask", "tasks"),
}
FACES = {
    "client.py": Face("Wan", "Client", "client", "", _SYNC | _PREPARED),
    "client_async.py": Face("AsyncWan", "AsyncClient", "client_async", "await ", _ASYNC | _PREPARED),
}


class _Signature(NamedTuple):
    """An overload with the class of its parameters."""

    model: str
    overload: Overload
    parameters: str


_Methods = Mapping[str, Sequence[_Signature]]


def clients(spec: Spec) -> dict[str, str]:
    """The text of each module of the typed clients, by file name: loading one client loads no other."""
    classes = Classes()
    methods = {method: _signatures(spec, method, classes) for method in METHODS}
    faces = {file: _module(face, methods) for file, face in FACES.items()}
    return faces | {"parameters.py": _parameters(spec, classes)}


def _signatures(spec: Spec, method: str, classes: Classes) -> list[_Signature]:
    found = []
    for model in spec.models:
        siblings = overloads(spec, method, model)
        for each in siblings:
            name = classes.signature(spec.family(model), model, method, each, siblings)
            found.append(_Signature(model, each, name))
    return found


def _start(doc: str, imports: str) -> Writer:
    out = Writer()
    out.lines = [*header("*.yaml"), f'"""{doc}"""', "", *imports.splitlines()]
    return out


def _parameters(spec: Spec, classes: Classes) -> str:
    out = _start("The models, and the parameters that each method takes on each.", _PARAMETERS)
    out.line()
    out.line(f"Model: TypeAlias = {_one_of(spec.models)}")
    out.line('"""The name of a model."""')
    out.line(f'{_ANY_MODEL} = NewType("{_ANY_MODEL}", str)')
    doc = "The name of a model that is known when the program runs; it may have any parameter."
    out.line(f'"""{doc}"""')
    classes.write(out)
    out.line()
    out.line()
    with out.block(f"def model(name: str) -> {_ANY_MODEL}"):
        _doc(WORDS["model"], out)
        out.line(f"return {_ANY_MODEL}(find_model(API, name).name)")
    return out.text()


def _module(face: Face, methods: _Methods) -> str:
    had = {method: each for method, each in methods.items() if each}
    out = _start("A client with each model's own parameters.", "from __future__ import annotations\n")
    out.line()
    out.line("from typing import TYPE_CHECKING, Any, overload")
    out.line()
    out.line("from wanlib.generated.calls import API")
    out.line(f"from wanlib.runtime.{face.module} import {face.base}")
    out.line()
    with out.block("if TYPE_CHECKING"):
        _typing_imports(face, had, out)
    out.line()
    out.line()
    with out.block(f"class {face.name}({face.base})"):
        out.line("_api = API")
        for method, signatures in had.items():
            _method(method, face, signatures, out)
    return out.text()


def _typing_imports(face: Face, methods: _Methods, out: Writer) -> None:
    """What annotations alone name, which costs nothing when the client runs."""
    out.line("from collections.abc import Sequence")
    out.line("from typing import Literal, Unpack")
    out.line()
    out.line(f"from {PARAMETERS} import (")
    for name in sorted({each.parameters for found in methods.values() for each in found} | {_ANY_MODEL}):
        out.line(f"    {name},")
    out.line(")")
    out.line("from wanlib.runtime.images import ImageLike")
    for name, module in sorted({face.results[method] for method in methods}, key=lambda pair: pair[::-1]):
        out.line(f"from wanlib.runtime.{module} import {name}")


def _method(method: str, face: Face, signatures: Sequence[_Signature], out: Writer) -> None:
    """The overloads, the last for a model that is known when the program runs; and what runs."""
    waits = "" if method == "prepare" else face.waits
    start = f"{'async ' if waits else ''}def {method}(self, model: "
    end = f"-> {face.results[method][0]}"
    heads = [f"{start}{_one_of([each.model])}, prompt: str, {_rest(each)}) {end}" for each in signatures]
    heads.append(f"{start}{_ANY_MODEL}, prompt: str, {_any(method, signatures)}) {end}")
    for head in heads:
        out.line()
        out.line("@overload")
        out.line(f"{head}: ...")
    out.line()
    with out.block(f"{start}str, prompt: str, {_any(method, signatures)}) {end}"):
        _doc(WORDS[method], out)
        out.line(f"return {waits}self.{_CALLS[method]}")


def _doc(text: str, out: Writer) -> None:
    for line in f'"""{text}"""'.splitlines():
        out.line(line)


def _rest(signature: _Signature) -> str:
    images = signature.overload.of("images")
    return f"{_images(images.values)}**parameters: Unpack[{signature.parameters}]"


def _any(method: str, signatures: Sequence[_Signature]) -> str:
    """What takes whatever any of these does."""
    if method == "generate":
        return "**parameters: Any"
    always = all(each.overload.of("images").values == (GIVEN,) for each in signatures)
    return f"{_images((GIVEN,) if always else (GIVEN, NONE))}**parameters: Any"


def _images(values: tuple[str, ...]) -> str:
    if values == (NONE,):
        return ""
    return f"*, images: Sequence[ImageLike]{' = ()' if NONE in values else ''}, "


def _one_of(models: Sequence[str]) -> str:
    return f"Literal[{', '.join(map(literal, models))}]"
