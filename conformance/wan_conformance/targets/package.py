"""The package with the validator and the clients that `generated`, `client` and `client_async` judge."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from wan_conformance.targets.working_directory import import_from_working_directory
from wanlib import AsyncWan, Wan
from wanlib import check as packaged_check
from wanlib.emit.in_memory import import_package
from wanlib.spec import Spec

_MEMBERS = ("Wan", "AsyncWan", "check")


@dataclass(frozen=True, slots=True)
class ClientPackage:
    """A validator and two clients.

    Attributes:
        name: The name of an own package; empty for the package of wanlib, or one that is emitted in memory.
        check: The validator, as `wanlib.check`.
        wan: The class of the client.
        async_wan: The class of the asynchronous client.
    """

    name: str
    check: Callable[..., Any]
    wan: Callable[..., Any]
    async_wan: Callable[..., Any]

    def target_name(self, name: str) -> str:
        """Return the name of a target that judges this package."""
        return f"{self.name}:{name}" if self.name else name


PACKAGED = ClientPackage("", packaged_check, Wan, AsyncWan)


def emitted_package(spec: Spec) -> ClientPackage:
    """Return the package that the emitter writes for a spec, with the clients of `Wan(spec=...)`."""
    name = import_package(spec)
    members = {"_api": import_module(f"{name}.calls").API}
    wan, async_wan = type("Wan", (Wan,), members), type("AsyncWan", (AsyncWan,), members)
    return ClientPackage("", import_module(f"{name}.checker").check, wan, async_wan)


def own_package(name: str) -> ClientPackage | None:
    """Return a package that `wanlib emit --out` has written; None if there is none of this name.

    Args:
        name: The name by which it is imported, from the working directory or an installed one.
    """
    if not all(part.isidentifier() for part in name.split(".")):
        return None
    try:
        module = import_from_working_directory(name)
    except ImportError:
        return None
    if not all(hasattr(module, member) for member in _MEMBERS):
        return None
    return ClientPackage(name, module.check, module.Wan, module.AsyncWan)
