"""Enforce every documented limit of the Wan image models.

`Wan` and `AsyncWan` call the models; their exceptions are in `wanlib.errors`, and the types of their
results in `wanlib.types`. `check(body)` validates a request body as it is sent over the wire;
`pictures(response)` and `classify(code)` read responses. Importing this module loads nothing else.
"""

TYPE_CHECKING = False  # type checkers take it for True; importing `typing` would cost more than the rest

if TYPE_CHECKING:
    from typing import Any

    from wanlib import errors as errors
    from wanlib import types as types
    from wanlib.answers import classify, pictures
    from wanlib.base.violation import Violation
    from wanlib.client.outputs import AsyncOutput, Output
    from wanlib.client.results.parts import Picture
    from wanlib.client.task_handles import AsyncTask, Task
    from wanlib.fixing import Change, Fixed, fix
    from wanlib.generated.checker import bill, check
    from wanlib.generated.client import Wan
    from wanlib.generated.client_async import AsyncWan
    from wanlib.generated.parameters import model
    from wanlib.limits import limits
    from wanlib.sizing import size
    from wanlib.validation.bill import Bill
    from wanlib.validation.check_result import CheckResult

__all__ = [
    "AsyncOutput",
    "AsyncTask",
    "AsyncWan",
    "Bill",
    "Change",
    "CheckResult",
    "Fixed",
    "Output",
    "Picture",
    "Task",
    "Violation",
    "Wan",
    "bill",
    "check",
    "classify",
    "fix",
    "limits",
    "model",
    "pictures",
    "size",
]
__version__ = "0.1.0"

_MODULES = ("errors", "types")
_HOMES = {
    "AsyncOutput": "wanlib.client.outputs",
    "AsyncTask": "wanlib.client.task_handles",
    "AsyncWan": "wanlib.generated.client_async",
    "Bill": "wanlib.validation.bill",
    "Change": "wanlib.fixing",
    "CheckResult": "wanlib.validation.check_result",
    "Fixed": "wanlib.fixing",
    "Output": "wanlib.client.outputs",
    "Picture": "wanlib.client.results.parts",
    "Task": "wanlib.client.task_handles",
    "Violation": "wanlib.base.violation",
    "Wan": "wanlib.generated.client",
    "bill": "wanlib.generated.checker",
    "check": "wanlib.generated.checker",
    "classify": "wanlib.answers",
    "fix": "wanlib.fixing",
    "limits": "wanlib.limits",
    "model": "wanlib.generated.parameters",
    "pictures": "wanlib.answers",
    "size": "wanlib.sizing",
}


if not TYPE_CHECKING:  # else type checkers would accept every name

    def __getattr__(name: str) -> "Any":
        """Load a public name on first use, so that the import itself costs nothing."""
        from importlib import import_module

        if name in _MODULES:
            return import_module(f"wanlib.{name}")
        if name not in _HOMES:
            raise AttributeError(f"module 'wanlib' has no attribute {name!r}; it has {', '.join(__all__)}")
        value = globals()[name] = getattr(import_module(_HOMES[name]), name)
        return value


def __dir__() -> "list[str]":
    """List the public names, including those that are not loaded yet."""
    return sorted({*globals(), *__all__, *_MODULES})
