"""Options that several commands share: a dataclass that a command takes as one argument."""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Any, get_type_hints


def expand_option_groups(command: Callable[..., None]) -> Callable[..., None]:
    """`command` as typer understands it: for an argument that is a dataclass, an option for each field."""
    hints = get_type_hints(command, include_extras=True)
    groups: dict[str, Any] = {name: hint for name, hint in hints.items() if is_dataclass(hint)}

    @wraps(command)
    def run(**given: Any) -> None:
        for name, group in groups.items():
            given[name] = group(**{each.name: given.pop(each.name) for each in fields(group)})
        command(**given)

    taken = [
        each
        for parameter in signature(command).parameters.values()
        for each in _expand(parameter.replace(annotation=hints[parameter.name]), groups)
    ]
    run.__signature__ = Signature(taken)  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in taken}
    return run


def _expand(parameter: Parameter, groups: Mapping[str, Any]) -> list[Parameter]:
    """The parameters that stand for one of the command's own."""
    if parameter.name not in groups:
        return [parameter.replace(kind=Parameter.KEYWORD_ONLY)]
    group = groups[parameter.name]
    hints = get_type_hints(group, include_extras=True)
    return [
        Parameter(each.name, Parameter.KEYWORD_ONLY, default=each.default, annotation=hints[each.name])
        for each in fields(group)
    ]
