"""Name and collect the TypedDicts of the clients."""

import re
from collections.abc import Sequence
from itertools import count

from wanlib.emit.client.literal_cases import GIVEN
from wanlib.emit.client.types import LiteralChoice, Member, Overload, TypedDictType, render_type
from wanlib.emit.python_text import CodeWriter, EmitError, class_identifier, local_name, python_literal
from wanlib.spec import Family

_TYPES = ("str", "int", "float", "bool", "tuple")  # a key of such a name would hide the type
_OPTIONS = {
    "edit": "WaitOptions",
    "generate": "WaitOptions",
    "stream": "Options",
    "submit": "Options",
    "prepare": "Options",
}


class TypedDictWriter:
    """Collect classes in the order of use; equal parameters share one class."""

    def __init__(self) -> None:
        self.lines: dict[str, list[str]] = {}
        self.parameters: list[str] = []

    def signature(
        self, family: Family, model: str, method: str, overload: Overload, siblings: Sequence[Overload]
    ) -> str:
        """Return the class of everything that an overload takes besides model, prompt and images."""
        return self._signature(
            family, model, method, overload, "".join(_suffix(choice, siblings) for choice in overload.choices)
        )

    def merged_signature(self, family: Family, model: str, method: str, overload: Overload) -> str:
        """Return the class of what all overloads of a method on a model take together."""
        return self._signature(family, model, method, overload, "AnyMode")

    def _signature(self, family: Family, model: str, method: str, overload: Overload, words: str) -> str:
        parameters = self._parameters(family, model, method + words, overload)
        options, via = _options(method, overload.of("call"))
        name = self._unique_name(camel_case(model, method) + words)
        self.lines[name] = [f"class {name}({parameters}, {options}, total=False):", *via]
        return name

    def write(self, out: CodeWriter) -> None:
        """Write all classes, each after those that it uses."""
        for head, *members in self.lines.values():
            out.line()
            out.line()
            out.line(head if members else f"{head} ...")
            for member in members:
                out.line(f"    {member}")

    def _parameters(self, family: Family, model: str, use: str, overload: Overload) -> str:
        """Return the class of the model's own parameters, which several methods share."""
        members = self._members(family, overload.members)
        names = [
            f"{camel_case(family.name)}Parameters",
            f"{camel_case(model)}Parameters",
            f"{camel_case(model, use)}Parameters",
        ]
        return self._typed_dict(names, members)

    def _typed_dict(self, names: list[str], members: list[str]) -> str:
        known = next((name for name in self.parameters if self.lines[name][1:] == members), None)
        if known:
            return known
        name = next((name for name in names if name not in self.lines), None) or self._unique_name(names[-1])
        self.lines[name] = [f"class {name}(TypedDict, total=False):", *members]
        self.parameters.append(name)
        return name

    def _members(self, family: Family, members: Sequence[Member]) -> list[str]:
        def named(record: TypedDictType) -> str:
            path = record.path.replace(".each", "")
            return self._typed_dict([camel_case(family.name, path)], self._members(family, record.members))

        return [_key(member.name, render_type(member.type, named), member.required) for member in members]

    def _unique_name(self, name: str) -> str:
        """Return the name, with the first free number if it is taken."""
        class_identifier(name)
        numbered = (f"{name}{number}" for number in count(2))
        return (
            name
            if name not in self.lines
            else next(candidate for candidate in numbered if candidate not in self.lines)
        )


def camel_case(*parts: str) -> str:
    """Return `Wan27ImageProEdit` for `wan2.7-image-pro` and `edit`."""
    return "".join(
        word[0].upper() + word[1:]
        for part in parts
        for word in re.findall(r"[A-Za-z0-9]+", part.replace(".", ""))
    )


def _key(name: str, kind: str, required: bool) -> str:
    local_name(name)
    if name in _TYPES:
        raise EmitError(f"the parameter {name} would hide the type {name}")
    return f"{name}: Required[{kind}]" if required else f"{name}: {kind}"


def _options(method: str, call: LiteralChoice) -> tuple[str, list[str]]:
    """Return the options' class, and the key `via` if the class does not have it."""
    options = _OPTIONS[method]
    if options == "WaitOptions" and set(call.values) == {"async", "sync"}:
        return "WaitOrSyncOptions", []
    has_via = "sync" in call.values
    if method != "prepare" and ((call.is_optional and not has_via) or options != "WaitOptions"):
        return options, []
    return options, [
        _key("via", f"Literal[{', '.join(map(python_literal, call.values))}]", not call.is_optional)
    ]


def _suffix(choice: LiteralChoice, siblings: Sequence[Overload]) -> str:
    """Return the part of a class name that distinguishes an overload from its siblings."""
    if all(
        overload.of(choice.name).values == choice.values for overload in siblings if overload.has(choice.name)
    ):
        return ""
    if choice.name == "images":
        return "WithImages" if choice.values == (GIVEN,) else ""
    if choice.is_optional or len(choice.values) > 1:
        return ""
    value = choice.values[0]
    return (
        camel_case(value)
        if isinstance(value, str)
        else camel_case(choice.name if value else f"without_{choice.name}")
    )
