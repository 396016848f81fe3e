"""Option groups: a command takes a dataclass as one argument, and Typer sees one option for each field."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Any, get_type_hints


def expand_option_groups(command: Callable[..., None]) -> Callable[..., None]:
    """Return `command` with each argument that is a dataclass replaced by the fields of the dataclass.

    A field of a group may be a group itself.
    """
    hints = get_type_hints(command, include_extras=True)

    @wraps(command)
    def run(**values: Any) -> None:
        command(**{name: _collect(name, hint, values) for name, hint in hints.items() if name != "return"})

    parameters = [
        expanded
        for parameter in signature(command).parameters.values()
        for expanded in _expand(parameter.replace(annotation=hints[parameter.name]))
    ]
    run.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


def _expand(parameter: Parameter) -> Iterator[Parameter]:
    """Yield the options that replace one argument of the command."""
    group = parameter.annotation
    if not is_dataclass(group):
        yield parameter.replace(kind=Parameter.KEYWORD_ONLY)
        return
    hints = get_type_hints(group, include_extras=True)
    for field in fields(group):
        default = Parameter.empty if field.default is MISSING else field.default
        yield from _expand(
            Parameter(field.name, Parameter.KEYWORD_ONLY, default=default, annotation=hints[field.name])
        )


def _collect(name: str, hint: Any, values: Mapping[str, Any]) -> Any:
    """Return the value of an argument: the option of its name, or a group made of several."""
    if not is_dataclass(hint):
        return values[name]
    hints = get_type_hints(hint, include_extras=True)
    members = {field.name: _collect(field.name, hints[field.name], values) for field in fields(hint)}
    return hint(**members)  # type: ignore[operator]
