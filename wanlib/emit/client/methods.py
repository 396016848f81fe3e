"""The verbs of the clients: docstrings, results, and the private method that each one calls.

`client` writes them as methods with a model argument, `bound_models` as methods of one model.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from wanlib.emit.client.literal_cases import GIVEN, NONE
from wanlib.emit.client.types import Overload
from wanlib.emit.python_text import CodeWriter

_MODEL = "    model: The name of the model."
_PROMPT = "    prompt: The instruction. It can refer to the images by number, from 1."
_IMAGES = "    images: Paths, bytes, binary files, Pillow images or URLs, in order."
_PARAMETERS = """\
    parameters: The model's own parameters, and the options `extra`, `allow`, `max_price`, `upload`,
        `fit`, `label`, `max_retries`"""
_OPTIONS = f"{_PARAMETERS} and `timeout`."
_WAIT_OPTIONS = f"""{_PARAMETERS}, `timeout` and `on_status`. `via="sync"` makes one synchronous
        call without a task, if the model has one; a model without tasks always makes one."""
_ERRORS = """\
Raises:
    InvalidRequestError: The call violates rules of the model; the error lists them, and nothing was sent.
    InvalidArgumentError: An option is wrong or an image cannot be read; nothing was sent.
    BudgetExceededError: The call costs more than `max_price` or the budget; nothing was sent.
    AuthenticationError: The service refuses the API key.
    ContentModerationError: Moderation refused the prompt or an image.
    QuotaExceededError: The account has no quota left.
    OutcomeUnknownError: The service may have accepted the call, but no response arrived."""
_WAIT_ERRORS = f"""{_ERRORS}
    TaskFailedError: The task failed.
    TaskCanceledError: The task was canceled.
    TaskUnknownError: The service no longer knows the task.
    DeadlineExceededError: The timeout has passed; the task continues, and its id is in the error."""


def _docstring(text: str, *sections: str) -> str:
    return "\n".join([text, "", "Args:", *sections, ""])


DOCSTRINGS = {
    "edit": _docstring(
        """Edit or fuse images as the prompt describes, and wait for the result.

A task is submitted and polled until it ends: a synchronous call that is interrupted is billed, and it
has no id.""",
        _MODEL,
        _PROMPT,
        _IMAGES,
        _WAIT_OPTIONS,
        "",
        "Returns:\n    The pictures of the call, and what is known about it.",
        "",
        _WAIT_ERRORS,
    ),
    "generate": _docstring(
        """Generate images from the prompt alone, and wait for the result.

A task is submitted and polled until it ends.""",
        _MODEL,
        "    prompt: The description of the image.",
        _WAIT_OPTIONS,
        "",
        "Returns:\n    The pictures of the call, and what is known about it.",
        "",
        _WAIT_ERRORS,
    ),
    "stream": _docstring(
        """Start a call whose texts and pictures arrive one by one, while they are made.

Iterate over the result, and close it or use `with`.""",
        _MODEL,
        _PROMPT,
        f"{_IMAGES[:-1]}; none by default.",
        _OPTIONS,
        "",
        "Returns:\n    An iterator over the parts; `result` has all of them at the end.",
        "",
        _ERRORS,
    ),
    "submit": _docstring(
        """Start a task without waiting for it: with images it edits, without images it generates.

The task's `id` is enough to continue with it, in another process too.""",
        _MODEL,
        _PROMPT,
        f"{_IMAGES[:-1]}; none by default.",
        _OPTIONS,
        "",
        "Returns:\n    A handle of the task.",
        "",
        _ERRORS,
    ),
    "prepare": _docstring(
        """Show a call and its price without making it: with images an edit, else a generation.

Nothing is sent, uploaded or billed.""",
        _MODEL,
        _PROMPT,
        f"{_IMAGES[:-1]}; none by default.",
        f"{_OPTIONS[:-1]}, and `via`: the call to show, `async` unless\n"
        "        given, or `sync` if the model has no tasks.",
        "",
        "Returns:\n    The request as it would be sent, the number of pictures and the price.",
        "",
        "Raises:",
        "    InvalidRequestError: The call violates rules of the model, which the error lists.",
        "    InvalidArgumentError: An option is wrong, or an image cannot be read.",
    ),
    "model": """Return the name of a model that is known only when the program runs, such as a setting.

Type checkers accept it in every verb, with any parameter; the call itself is validated as always.

Raises:
    InvalidRequestError: The model is unknown.
""",
}

_CALLS = {
    "edit": '_edit("edit", {model}, prompt, {images}, {parameters})',
    "generate": '_edit("generate", {model}, prompt, (), {parameters})',
    "stream": "_stream({model}, prompt, {images}, {parameters})",
    "submit": "_submit({model}, prompt, {images}, {parameters})",
    "prepare": "_prepare({model}, prompt, {images}, {parameters})",
}


class ClientModule(NamedTuple):
    """A generated client class and its module. The class takes its docstring from the base.

    Attributes:
        name: The class, such as `Wan`.
        base: Its base class.
        module: The module of the base, in `wanlib.client`.
        models: The generated module with the classes of single models, such as `models`.
        prefix: The prefix of the names of those classes.
        waits: The keyword before an awaited call, empty for the sync client.
        results: For each method the class that it returns, and its module in `wanlib.client`.
    """

    name: str
    base: str
    module: str
    models: str
    prefix: str
    waits: str
    results: Mapping[str, tuple[str, str]]

    def is_awaited(self, method: str) -> bool:
        """Return True if the method is a coroutine; `prepare` sends nothing and never is."""
        return bool(self.waits) and method != "prepare"

    def call(self, method: str, model: str, *, is_typed: bool = False, has_images: bool = True) -> str:
        """Return the call that a method makes, after `self.` or `self._client.`.

        Args:
            method: The method.
            model: The model as Python.
            is_typed: The parameters are a TypedDict, to be copied into a plain dictionary.
            has_images: Whether the method has the parameter `images`.
        """
        parameters = "{**parameters}" if is_typed else "parameters"
        images = "images" if has_images else "()"
        return _CALLS[method].format(model=model, images=images, parameters=parameters)


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
CLIENTS = {
    "client": ClientModule("Wan", "Client", "sync_client", "models", "", "", _SYNC | _PREPARED),
    "client_async": ClientModule(
        "AsyncWan", "AsyncClient", "async_client", "models_async", "Async", "await ", _ASYNC | _PREPARED
    ),
}
"""The generated clients by the name of their module."""


class Signature(NamedTuple):
    """An overload on a model, and the class of its parameters."""

    model: str
    overload: Overload
    parameters: str


def images_parameter(values: Sequence[str]) -> str:
    """Return the parameter `images` as text, empty for a method without images."""
    if tuple(values) == (NONE,):
        return ""
    default = " = ()" if NONE in values else ""
    assert GIVEN in values
    return f"*, images: Sequence[ImageLike]{default}, "


def has_images(signature: Signature) -> bool:
    """Return whether the method has the parameter `images`."""
    return GIVEN in signature.overload.of("images").values


def unpack_parameters(signature: Signature) -> str:
    """Return the parameters of a method after the prompt, as text."""
    images = images_parameter(signature.overload.of("images").values)
    return f"{images}**parameters: Unpack[{signature.parameters}]"


def write_docstring(text: str, out: CodeWriter) -> None:
    """Write a docstring at the present depth."""
    for line in f'"""{text}"""'.splitlines():
        out.line(line)


def write_typing_imports(
    methods: Mapping[str, Sequence[Signature]], client: ClientModule, out: CodeWriter, *others: str
) -> None:
    """Write the imports that only annotations need.

    Args:
        methods: The signatures of each method.
        client: The client.
        out: Where they are written.
        others: More names of the parameters' module, which a client needs whose methods are overloaded.
    """
    out.line("from collections.abc import Sequence")
    out.line(f"from typing import {'Literal, ' if others else ''}Unpack")
    out.line()
    names = {signature.parameters for signatures in methods.values() for signature in signatures}
    out.line(f"from .parameters import {', '.join(sorted({*names, *others}))}")
    out.line("from wanlib.client.images.inputs import ImageLike")
    for name, module in sorted({client.results[method] for method in methods}, key=lambda pair: pair[::-1]):
        out.line(f"from wanlib.client.{module} import {name}")
