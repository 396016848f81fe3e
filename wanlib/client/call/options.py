"""The keyword options that all verbs share, and their separation from model parameters."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal, NamedTuple, TypedDict

from wanlib.base.api_tables import CALL_OPTIONS, Model
from wanlib.base.redaction import safe_repr
from wanlib.client.call.arguments import CallArguments, check_images
from wanlib.errors import InvalidArgumentError


class Options(TypedDict, total=False):
    """Options of every call.

    Attributes:
        extra: Parameters newer than the spec; they are sent without validation.
        allow: The ids of rules that the call may violate.
        max_price: The maximum cost of this call, in the currency of the prices.
        upload: Whether local images go through the temporary upload in place of base64.
        fit: Whether local images are resized and converted to fit the model, with Pillow.
        timeout: Seconds in total. None means the client's own timeout.
        max_retries: How often a request is retried, from 0 to 100: a billed one only if it cannot have been
            accepted; polling continues until the timeout. None means the client's setting.
        label: The caller's own name for the call, up to 200 printable characters. It is not sent, but
            appears in the task, the result, errors and the journal. None means no label.
    """

    extra: Mapping[str, Any]
    allow: Sequence[str]
    max_price: Decimal | float | str
    upload: bool
    fit: bool
    timeout: float | None
    max_retries: int | None
    label: str | None


class WaitOptions(Options, total=False):
    """Options of a call that waits for its task.

    Attributes:
        on_status: Called with (task id, status) at each new status.
    """

    on_status: Callable[[str, str], None]


class WaitOrSyncOptions(WaitOptions, total=False):
    """Options of a call that also has a synchronous form.

    Attributes:
        via: `sync` makes one request without a task; `async` submits a task and waits for it.
    """

    via: Literal["async", "sync"]


class ParsedCall(NamedTuple):
    """A call, with options and parameters separated.

    Attributes:
        arguments: The model and its fields.
        timeout: Seconds in total; None means the client's own timeout.
        max_retries: How often a request is retried; None means the client's setting.
        max_price: The maximum cost of the call; None means no limit.
        upload: Whether local images are uploaded; None means the client's own setting.
        label: The caller's own name for the call; None means no label.
        on_status: Called with (task id, status) at each new status; None means no calls.
    """

    arguments: CallArguments
    timeout: float | None
    max_retries: int | None
    max_price: Any
    upload: bool | None
    label: str | None
    on_status: Callable[[str, str], None] | None


_MAX_LABEL = 200
_WAIT_OPTIONS = {"on_status": "pass it to wait()", "via": "only edit, generate and prepare take it"}


def parse_call(
    verb: str, call: str, model: Any, prompt: Any, images: Any, kwargs: Mapping[str, Any]
) -> ParsedCall:
    """Separate options and parameters. Raise InvalidArgumentError for an option of a wrong type."""
    check_images(images)
    parameters = {name: value for name, value in kwargs.items() if name not in CALL_OPTIONS}
    upload, on_status = kwargs.get("upload"), kwargs.get("on_status")
    if upload is not None and not isinstance(upload, bool):
        raise InvalidArgumentError(f"upload is {safe_repr(upload)}; allowed: True or False")
    fit = kwargs.get("fit", False)
    if not isinstance(fit, bool):
        raise InvalidArgumentError(f"fit is {safe_repr(fit)}; allowed: True or False")
    check_callback(on_status)
    arguments = CallArguments(
        verb, call, model, prompt, images, parameters, kwargs.get("extra", {}), kwargs.get("allow", ()), fit
    )
    label = check_label(kwargs.get("label"))
    return ParsedCall(
        arguments,
        kwargs.get("timeout"),
        kwargs.get("max_retries"),
        kwargs.get("max_price"),
        upload,
        label,
        on_status,
    )


def refuse_options(verb: str, kwargs: Mapping[str, Any], *accepted: str) -> None:
    """Raise InvalidArgumentError for an option that would have no effect with this verb.

    Args:
        verb: The verb, for the message.
        kwargs: The keyword arguments of the call.
        accepted: The options of the verb in addition to those of every call.
    """
    for name, advice in _WAIT_OPTIONS.items():
        if name in kwargs and name not in accepted:
            raise InvalidArgumentError(f"{verb} takes no {name}; {advice}")


def check_label(label: Any) -> str | None:
    """Return a label. Raise InvalidArgumentError for a value that cannot be one."""
    if label is None or (isinstance(label, str) and 0 < len(label) <= _MAX_LABEL and label.isprintable()):
        return label
    raise InvalidArgumentError(
        f"label is {safe_repr(label)}; allowed: a text of 1 to {_MAX_LABEL} printable characters"
    )


def check_callback(on_status: Any) -> None:
    """Raise InvalidArgumentError for an `on_status` that is not callable."""
    if on_status is not None and not callable(on_status):
        raise InvalidArgumentError(
            f"on_status is {safe_repr(on_status)}; allowed: a function of task id and status"
        )


def call_mode(via: Any, *more: str) -> str:
    """Return the call that `via` names.

    Args:
        via: What the caller passed.
        more: Further allowed values besides `async` and `sync`.

    Raises:
        InvalidArgumentError: It is not one of these.
    """
    allowed = ("async", "sync", *more)
    if via in allowed:
        return str(via)
    raise InvalidArgumentError(
        f"via is {safe_repr(via)}; allowed: {', '.join(allowed)}. async submits a task and waits"
    )


def infer_verb(model: Model, images: Any, kwargs: Mapping[str, Any]) -> str:
    """Return the default verb of a call: an edit if it has an image, otherwise a generation."""
    check_images(images)
    single = (kwargs.get(name) for name in model.single_images)
    return "edit" if images or any(image is not None for image in single) else "generate"
