"""Every documented limit of the Wan image models, enforced.

`check(body)` judges a request body as it goes over the wire; importing this module loads nothing
else.
"""

TYPE_CHECKING = False  # as type checkers read it; `typing` itself would cost more than all else here

if TYPE_CHECKING:
    from typing import Any

    from wanlib.base.violation import Violation
    from wanlib.form import limits
    from wanlib.generated.checker import check

__all__ = ["Violation", "check", "limits"]
__version__ = "0.1.0"

_HOMES = {
    "Violation": "wanlib.base.violation",
    "check": "wanlib.generated.checker",
    "limits": "wanlib.form",
}


def __getattr__(name: str) -> "Any":
    """Loads a public name on first use, so that the import itself costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'wanlib' has no attribute {name!r}; it has {', '.join(__all__)}")
    from importlib import import_module

    value = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return value
