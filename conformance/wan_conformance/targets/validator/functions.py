"""A function in Python as a validator: `module:callable`, from the working directory or installed."""

import inspect
from collections.abc import Callable
from copy import deepcopy
from types import ModuleType
from typing import Any

from wan_conformance.targets.working_directory import import_from_working_directory
from wanlib.base.redaction import safe_repr
from wanlib.base.text import did_you_mean
from wanlib.boundary.case import Question


class ValidatorLoadError(ValueError):
    """A validator cannot be found or started; the message states the problem."""


class FunctionValidator:
    """A function that takes a body and returns an answer.

    Attributes:
        claims: The rules that it declares to check, as kinds or globs over rule ids, in its attribute
            `claims`; empty if it declares none.
    """

    def __init__(self, name: str) -> None:
        """Import a function.

        Args:
            name: `module:callable`; the callable may be an attribute of a class: `module:Class.method`.

        Raises:
            ValidatorLoadError: The callable does not exist, or its module fails.
        """
        module, _, path = name.partition(":")
        self._function = _callable(_module(module), path)
        if inspect.iscoroutinefunction(self._function):
            raise ValidatorLoadError(f"{name} is a coroutine function, expected one that returns its answer")
        self._takes_call = _takes_call(self._function)
        self.claims = _declared_claims(self._function, name)

    def answer(self, question: Question) -> object:
        """Return the result of the function. It gets a copy of the body, and the call if it takes one.

        Exceptions of the function propagate.
        """
        more = {"call": question.call} if self._takes_call else {}
        return self._function(deepcopy(question.body), **more)

    def finish(self) -> str | None:
        """Return None: no problem can occur after the last answer."""
        return None

    def close(self) -> None:
        """Do nothing: there is nothing to end."""


def _module(name: str) -> ModuleType:
    if not all(part.isidentifier() for part in name.split(".")):
        raise ValidatorLoadError(f"{safe_repr(name)} is not the name of a module")
    try:
        return import_from_working_directory(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            text = f"no module {name!r} in the working directory, and none is installed"
            raise ValidatorLoadError(text) from None
        raise ValidatorLoadError(
            f"the module {name!r} needs {error.name!r}, which is not installed"
        ) from None
    except (Exception, SystemExit) as error:
        raise ValidatorLoadError(f"importing {name!r} fails: {safe_repr(error)}") from None


def _callable(module: ModuleType, path: str) -> Callable[..., Any]:
    found: Any = module
    for part in path.split("."):
        if not hasattr(found, part):
            near = did_you_mean(part, (name for name in dir(found) if not name.startswith("_")))
            raise ValidatorLoadError(f"{module.__name__!r} has no {path!r}{near}")
        found = getattr(found, part)
    if not callable(found):
        raise ValidatorLoadError(f"{module.__name__}:{path} is {safe_repr(found)}, expected a function")
    return found  # type: ignore[no-any-return]


def _takes_call(function: Callable[..., Any]) -> bool:
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):  # some built-in functions have no signature
        return False
    return "call" in parameters and parameters["call"].kind is not inspect.Parameter.POSITIONAL_ONLY


def _declared_claims(function: Callable[..., Any], name: str) -> tuple[str, ...]:
    claims = getattr(function, "claims", ())
    if isinstance(claims, str) or not all(isinstance(claim, str) for claim in claims):
        raise ValidatorLoadError(f"{name}: claims is {safe_repr(claims)}, expected a list of kinds and globs")
    return tuple(claims)
