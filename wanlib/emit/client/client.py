"""The typed face of the clients: an overload of each method for each model, for editors and type checkers."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from wanlib.emit.client.literal_cases import GIVEN, NONE
from wanlib.emit.client.overloads import METHODS, Overload, overloads
from wanlib.emit.client.typed_dicts import TypedDictWriter
from wanlib.emit.python_text import CodeWriter, python_literal
from wanlib.emit.validator.module import header
from wanlib.spec import Spec

_ERRORS = """\
Raises InvalidRequestError, with every violation, before anything is sent; InvalidArgumentError where an
image can't be read; BudgetExceededError; AuthenticationError; ContentModerationError; QuotaExceededError;
OutcomeUnknownError where the service may have taken a call that got no answer. All are WanErrors."""

_RESULT = """\
Raises TaskFailedError, TaskCanceledError, TaskUnknownError; DeadlineExceededError, after which the task goes
on."""

WORDS = {
    "edit": f"""Edits or fuses images as the prompt says, and waits for the result.

images: a list of paths, bytes, binary files, Pillow images or URLs; the prompt counts them from 1. A task
is submitted and followed, since a cut synchronous call is paid for and has no id; via="sync" makes the
one synchronous call, where the model has it. The parameters are the model's own.

{_ERRORS}
{_RESULT}
""",
    "generate": f"""Draws from the prompt alone, and waits for the result.

A task is submitted and followed; via="sync" makes the one synchronous call, where the model has it. The
parameters are the model's own.

{_ERRORS}
{_RESULT}
""",
    "stream": f"""Starts a call whose texts and pictures come in turn, while they are made.

Iterate over what it returns, and close it or use `with`.

{_ERRORS}
""",
    "submit": f"""Starts a task and does not wait: with images it edits, without them it generates.

The task's `id` is enough to take it up again, in another process too.

{_ERRORS}
""",
    "prepare": """Shows a call and its price without making it: with images an edit, else a generation.

via: the call to show; "async" unless given. Nothing is sent, uploaded or paid.

Raises InvalidRequestError, with every violation, and InvalidArgumentError.
""",
    "model": """Return the name of a model that is known when the program runs, as a setting is.

Type checkers accept it in every verb, with any parameter; the call itself is judged as always.

Raises:
    InvalidRequestError: There is no such model.
""",
}


PARAMETERS = "wanlib.generated.parameters"
_ANY_MODEL = "ModelName"
_PARAMETERS = """\
from collections.abc import Sequence
from typing import Literal, NewType, Required, TypeAlias, TypedDict

from wanlib.generated.calls import API
from wanlib.client.images.inputs import ImageLike
from wanlib.client.call.options import Options, WaitOptions, WaitOrSyncOptions
from wanlib.client.call.arguments import get_model
"""
_CALLS = {
    "edit": '_edit("edit", model, prompt, images, parameters)',
    "generate": '_edit("generate", model, prompt, (), parameters)',
    "stream": "_stream(model, prompt, images, parameters)",
    "submit": "_submit(model, prompt, images, parameters)",
    "prepare": "_prepare(model, prompt, images, parameters)",
}


class ClientModule(NamedTuple):
    """A client's class; its docstring is the base's, which says what the settings are.

    module: of the base. waits: the word before what is awaited. results: by method, class and module.
    """

    name: str
    base: str
    module: str
    waits: str
    results: Mapping[str, tuple[str, str]]


_PREPARED = {"prepare": ("Prepared", "call.prepared")}
_SYNC = {
    "edit": ("Output", "outputs"),
    "generate": ("Output", "outputs"),
    "stream": ("Stream", "streams"),
    "submit": ("Task", "task_handles"),
}
_ASYNC = {
    "edit": ("AsyncOutput", "outputs"),
    "generate": ("AsyncOutput", "outputs"),
    "stream": ("AsyncStream", "streams_async"),
    "submit": ("AsyncTask", "task_handles"),
}
FACES = {
    "client.py": ClientModule("Wan", "Client", "sync_client", "", _SYNC | _PREPARED),
    "client_async.py": ClientModule("AsyncWan", "AsyncClient", "async_client", "await ", _ASYNC | _PREPARED),
}


class _Signature(NamedTuple):
    """An overload with the class of its parameters."""

    model: str
    overload: Overload
    parameters: str


_Methods = Mapping[str, Sequence[_Signature]]


def clients(spec: Spec) -> dict[str, str]:
    """The text of each module of the typed clients, by file name: loading one client loads no other."""
    classes = TypedDictWriter()
    methods = {method: _signatures(spec, method, classes) for method in METHODS}
    faces = {file: _module(face, methods) for file, face in FACES.items()}
    return faces | {"parameters.py": _parameters(spec, classes)}


def _signatures(spec: Spec, method: str, classes: TypedDictWriter) -> list[_Signature]:
    found = []
    for model in spec.models:
        siblings = overloads(spec, method, model)
        for each in siblings:
            name = classes.signature(spec.family(model), model, method, each, siblings)
            found.append(_Signature(model, each, name))
    return found


def _start(doc: str, imports: str) -> CodeWriter:
    out = CodeWriter()
    out.lines = [*header("*.yaml"), f'"""{doc}"""', "", *imports.splitlines()]
    return out


def _parameters(spec: Spec, classes: TypedDictWriter) -> str:
    out = _start("The models, and the parameters that each method takes on each.", _PARAMETERS)
    out.line()
    out.line(f"Model: TypeAlias = {_model_literal(spec.models)}")
    out.line('"""The name of a model."""')
    out.line(f'{_ANY_MODEL} = NewType("{_ANY_MODEL}", str)')
    doc = "The name of a model that is known when the program runs; it may have any parameter."
    out.line(f'"""{doc}"""')
    classes.write(out)
    out.line()
    out.line()
    with out.block(f"def model(name: str) -> {_ANY_MODEL}"):
        _doc(WORDS["model"], out)
        out.line(f"return {_ANY_MODEL}(get_model(API, name).name)")
    return out.text()


def _module(face: ClientModule, methods: _Methods) -> str:
    had = {method: each for method, each in methods.items() if each}
    out = _start("A client with each model's own parameters.", "from __future__ import annotations\n")
    out.line()
    out.line("from typing import TYPE_CHECKING, Any, overload")
    out.line()
    out.line("from wanlib.generated.calls import API")
    out.line(f"from wanlib.client.{face.module} import {face.base}")
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


def _typing_imports(face: ClientModule, methods: _Methods, out: CodeWriter) -> None:
    """What annotations alone name, which costs nothing when the client runs."""
    out.line("from collections.abc import Sequence")
    out.line("from typing import Literal, Unpack")
    out.line()
    out.line(f"from {PARAMETERS} import (")
    for name in sorted({each.parameters for found in methods.values() for each in found} | {_ANY_MODEL}):
        out.line(f"    {name},")
    out.line(")")
    out.line("from wanlib.client.images.inputs import ImageLike")
    for name, module in sorted({face.results[method] for method in methods}, key=lambda pair: pair[::-1]):
        out.line(f"from wanlib.client.{module} import {name}")


def _method(method: str, face: ClientModule, signatures: Sequence[_Signature], out: CodeWriter) -> None:
    """The overloads, the last for a model that is known when the program runs; and what runs."""
    waits = "" if method == "prepare" else face.waits
    start = f"{'async ' if waits else ''}def {method}(self, model: "
    end = f"-> {face.results[method][0]}"
    heads = [
        f"{start}{_model_literal([each.model])}, prompt: str, {_unpack_parameters(each)}) {end}"
        for each in signatures
    ]
    heads.append(f"{start}{_ANY_MODEL}, prompt: str, {_fallback_signature(method, signatures)}) {end}")
    for head in heads:
        out.line()
        out.line("@overload")
        out.line(f"{head}: ...")
    out.line()
    with out.block(f"{start}str, prompt: str, {_fallback_signature(method, signatures)}) {end}"):
        _doc(WORDS[method], out)
        out.line(f"return {waits}self.{_CALLS[method]}")


def _doc(text: str, out: CodeWriter) -> None:
    for line in f'"""{text}"""'.splitlines():
        out.line(line)


def _unpack_parameters(signature: _Signature) -> str:
    images = signature.overload.of("images")
    return f"{_images(images.values)}**parameters: Unpack[{signature.parameters}]"


def _fallback_signature(method: str, signatures: Sequence[_Signature]) -> str:
    """What takes whatever any of these does."""
    if method == "generate":
        return "**parameters: Any"
    always = all(each.overload.of("images").values == (GIVEN,) for each in signatures)
    return f"{_images((GIVEN,) if always else (GIVEN, NONE))}**parameters: Any"


def _images(values: tuple[str, ...]) -> str:
    if values == (NONE,):
        return ""
    return f"*, images: Sequence[ImageLike]{' = ()' if NONE in values else ''}, "


def _model_literal(models: Sequence[str]) -> str:
    return f"Literal[{', '.join(map(python_literal, models))}]"
