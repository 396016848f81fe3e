"""How a call is made, beside what it asks for: the keyword arguments that every verb shares."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal, NamedTuple, TypedDict

from wanlib.base.shown import shown
from wanlib.runtime.asked import Ask
from wanlib.runtime.errors import InvalidArgumentError

PATIENCE = 900.0
"""Seconds that a call may take in all, the wait for its task included; a client's patience, no fact."""


class Options(TypedDict, total=False):
    """Options of every call.

    extra: parameters newer than the spec, sent unjudged. allow: ids of rules that may be broken. max_price:
    a cap for this call. upload: local images go through the temporary upload instead of base64. timeout:
    seconds in all, 900 unless given.
    """

    extra: Mapping[str, Any]
    allow: Sequence[str]
    max_price: Decimal | float | str
    upload: bool
    timeout: float


class Waiting(Options, total=False):
    """Options of a call that waits for its task. on_status: hears of each new status, (task id, status)."""

    on_status: Callable[[str, str], None]


class WaitingOrSync(Waiting, total=False):
    """Options of a call that has a synchronous form too. via: "sync" makes one call without a task."""

    via: Literal["async", "sync"]


class Call(NamedTuple):
    """A call as the caller gave it, its options apart from its parameters."""

    ask: Ask
    timeout: float
    max_price: Any
    upload: bool | None
    on_status: Callable[[str, str], None] | None


_NAMES = frozenset(WaitingOrSync.__annotations__) | frozenset(Options.__annotations__) | {"on_status"}


def read_call(verb: str, call: str, model: Any, prompt: Any, images: Any, given: Mapping[str, Any]) -> Call:
    """Tells options and parameters apart. Raises InvalidArgumentError for an option of a wrong kind."""
    parameters = {name: value for name, value in given.items() if name not in _NAMES}
    upload, told = given.get("upload"), given.get("on_status")
    if upload is not None and not isinstance(upload, bool):
        raise InvalidArgumentError(f"upload is {shown(upload)}; allowed: True or False")
    if told is not None and not callable(told):
        raise InvalidArgumentError(f"on_status is {shown(told)}; allowed: a function of task id and status")
    ask = Ask(verb, call, model, prompt, images, parameters, given.get("extra", {}), given.get("allow", ()))
    return Call(ask, given.get("timeout", PATIENCE), given.get("max_price"), upload, told)


def call_of(via: Any, *more: str) -> str:
    """The call that `via` names; more: what it may be beside the two. Raises InvalidArgumentError."""
    allowed = ("async", "sync", *more)
    if via in allowed:
        return str(via)
    raise InvalidArgumentError(
        f"via is {shown(via)}; allowed: {', '.join(allowed)}. async submits a task and waits"
    )


def verb_of(images: Any) -> str:
    """What a call without a verb of its own means: with images an edit, without them a generation."""
    return "edit" if images else "generate"
