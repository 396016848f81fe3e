"""How a call is made, beside what it asks for: the keyword arguments that every verb shares."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal, NamedTuple, TypedDict

from wanlib.base.api_tables import Model
from wanlib.base.redaction import safe_repr
from wanlib.client.call.arguments import CallArguments, check_images
from wanlib.errors import InvalidArgumentError


class Options(TypedDict, total=False):
    """Options of every call.

    extra: parameters newer than the spec, sent unjudged. allow: ids of rules that may be broken. max_price:
    a cap for this call. upload: local images go through the temporary upload instead of base64. timeout:
    seconds in all; None means the client's own timeout.
    """

    extra: Mapping[str, Any]
    allow: Sequence[str]
    max_price: Decimal | float | str
    upload: bool
    timeout: float | None


class WaitOptions(Options, total=False):
    """Options of a call that waits for its task. on_status: hears of each new status, (task id, status)."""

    on_status: Callable[[str, str], None]


class WaitOrSyncOptions(WaitOptions, total=False):
    """Options of a call that has a synchronous form too. via: "sync" makes one call without a task."""

    via: Literal["async", "sync"]


class ParsedCall(NamedTuple):
    """A call as the caller gave it, its options apart from its parameters."""

    arguments: CallArguments
    timeout: float | None
    max_price: Any
    upload: bool | None
    on_status: Callable[[str, str], None] | None


_SHARED_OPTIONS = frozenset(Options.__annotations__)
_WAIT_OPTIONS = {"on_status": "pass it to wait()", "via": "only edit, generate and prepare take it"}
_OPTION_NAMES = _SHARED_OPTIONS | _WAIT_OPTIONS.keys()


def parse_call(
    verb: str, call: str, model: Any, prompt: Any, images: Any, kwargs: Mapping[str, Any]
) -> ParsedCall:
    """Tell options and parameters apart. Raises InvalidArgumentError for an option of a wrong kind."""
    check_images(images)
    parameters = {name: value for name, value in kwargs.items() if name not in _OPTION_NAMES}
    upload, on_status = kwargs.get("upload"), kwargs.get("on_status")
    if upload is not None and not isinstance(upload, bool):
        raise InvalidArgumentError(f"upload is {safe_repr(upload)}; allowed: True or False")
    check_callback(on_status)
    arguments = CallArguments(
        verb, call, model, prompt, images, parameters, kwargs.get("extra", {}), kwargs.get("allow", ())
    )
    return ParsedCall(arguments, kwargs.get("timeout"), kwargs.get("max_price"), upload, on_status)


def refuse_options(verb: str, kwargs: Mapping[str, Any], *accepted: str) -> None:
    """Raise InvalidArgumentError for an option that this verb would leave without effect.

    taken: the options that it has beside those of every call.
    """
    for name, advice in _WAIT_OPTIONS.items():
        if name in kwargs and name not in accepted:
            raise InvalidArgumentError(f"{verb} takes no {name}; {advice}")


def check_callback(on_status: Any) -> None:
    """Raise InvalidArgumentError for what cannot be called."""
    if on_status is not None and not callable(on_status):
        raise InvalidArgumentError(
            f"on_status is {safe_repr(on_status)}; allowed: a function of task id and status"
        )


def call_mode(via: Any, *more: str) -> str:
    """The call that `via` names; more: what it may be beside the two. Raises InvalidArgumentError."""
    allowed = ("async", "sync", *more)
    if via in allowed:
        return str(via)
    raise InvalidArgumentError(
        f"via is {safe_repr(via)}; allowed: {', '.join(allowed)}. async submits a task and waits"
    )


def infer_verb(model: Model, images: Any, kwargs: Mapping[str, Any]) -> str:
    """Return what a call without a verb of its own means: with any image an edit, else a generation."""
    check_images(images)
    single = (kwargs.get(name) for name in model.single_images)
    return "edit" if images or any(image is not None for image in single) else "generate"
