"""Calls of the client written out from the spec, each right or wrong in one place; the runtime says which.

Nothing here knows the types: a checker must refuse a call where the runtime names a rule that a type can
express.
"""

import re
import warnings
from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple

from wanlib.client.call.arguments import CallArguments
from wanlib.client.call.plan import plan_call
from wanlib.errors import InvalidArgumentError, InvalidRequestError
from wanlib.generated.calls import API
from wanlib.spec import Family, Field, Spec
from wanlib.spec.model.mode_values import referenced_fields

KINDS = frozenset(("type", "required", "one_of", "keywords", "none_of", "unknown", "endpoints"))
"""The kinds of rules that a type can say."""

METHODS = ("edit", "generate", "stream", "submit", "prepare")
PICTURE = "https://example.com/a.png"
MISSING = object()
_VIA = {"edit": (None, "sync"), "generate": (None, "sync"), "prepare": (None, "sync", "stream")}
_IMAGES = {"edit": (True,), "generate": (False,)}
_GOOD: dict[str, Any] = {
    "text": "vase",
    "percent": "25.00%",
    "integer": 1,
    "number": 1.0,
    "boolean": True,
    "image": PICTURE,
    "size": (1024, 1024),
}
_BAD: dict[str, tuple[Any, ...]] = {
    "text": (1,),
    "percent": (25.0,),
    "integer": ("1", 1.5),
    "number": ("1",),
    "boolean": ("yes",),
    "image": (1, ["vase"]),
    "size": (1024, (1024, 1024, 1024), ("1024", "1024")),
    "list": (1,),
    "object": ("vase",),
}


class Candidate(NamedTuple):
    """A call.

    images: whether it has some. broken: the rules that the runtime finds broken by it. wrong: whether a
    value is of a wrong type, which the runtime need not say where it has no effect or more is amiss.
    """

    method: str
    model: str
    verb: str
    images: bool
    arguments: dict[str, Any]
    broken: frozenset[str]
    wrong: bool = False

    @property
    def refused(self) -> bool:
        """Whether a type checker must refuse it."""
        return bool(self.broken) or self.wrong

    def text(self) -> str:
        """Return the call as Python."""
        return f"wan.{self.method}({', '.join([repr(self.model), *self._arguments()])})"

    def bound_text(self) -> str:
        """Return the same call on the class of its model."""
        attribute = re.sub(r"[^a-z0-9]", "_", self.model.replace(".", ""))
        return f"wan.{attribute}.{self.method}({', '.join(self._arguments())})"

    def _arguments(self) -> list[str]:
        arguments = ({"images": [PICTURE]} if self.images else {}) | self.arguments
        named = [f"{name}={value!r}" for name, value in arguments.items() if value is not MISSING]
        return named if "prompt" in self.arguments else ["'a vase'", *named]

    def is_refused_alone(self, spec: Spec) -> bool:
        """Return True if it is wrong with any other parameters: its rule is the same in every mode."""
        conditional = {rule.id.partition(":")[0] for rule in spec.rules.values() if rule.condition}
        return self.wrong or any(rule.partition(":")[0] not in conditional for rule in self.broken)


def candidates(spec: Spec) -> Iterator[Candidate]:
    """Each setting of what the modes hang on; and in each right one, every value of what can differ there."""
    seen: set[str] = set()
    for each in _each(spec):
        if each.text() not in seen:
            seen.add(each.text())
            yield each


def _each(spec: Spec) -> Iterator[Candidate]:
    for method, model in product(METHODS, spec.models):
        family, every = spec.family(model), method not in ("submit", "prepare")  # which take the same
        for images, arguments in _settings(family, method):
            setting = _judged(spec, method, model, images, arguments)
            meant = _meant(family, setting.verb)
            if meant & set(arguments):
                continue
            yield setting
            for name, value, wrong in _values(family, every, images) if not setting.refused else ():
                if name not in meant:
                    given = arguments | {name: value}
                    yield _judged(spec, method, model, images, given)._replace(wrong=wrong)
            every = every and setting.refused


def _settings(family: Family, method: str) -> Iterator[tuple[bool, dict[str, Any]]]:
    switches = {"via": _VIA.get(method, [None]), **_switches(family)}
    for images in _IMAGES.get(method, (True, False)):
        for values in product(*switches.values()):
            setting = dict(zip(switches, values, strict=True))
            yield images, {name: value for name, value in setting.items() if value is not None}


def _meant(family: Family, verb: str) -> set[str]:
    """Return the parameters that a verb implies; they are not arguments of it."""
    return set(family.verbs[verb].always_sends) if verb in family.verbs else set()


def _switches(family: Family) -> dict[str, list[Any]]:
    """The flags and words that modes read."""
    read = {name for mode in family.modes for name in referenced_fields(family, mode)}
    return {
        field.name: [None, *(words if (words := _words(field)) else [True, False])]
        for field in family.fields
        if field.name in read and (field.type == "boolean" or _words(field))
    }


def _words(field: Field) -> list[Any]:
    return [word for rule in field.rules_of_kind("one_of") if not rule.condition for word in rule.limit]


def _values(family: Family, every: bool, images: bool) -> Iterator[tuple[str, Any, bool]]:
    """Names with values, and whether those are wrong; only those that hang on modes, or every one."""
    if every:
        yield from (("prompt", 1, True), ("prompt", MISSING, True), ("no_such_parameter", 1, True))
        yield from (("images", value, True) for value in (1, [1], [["vase"]]) if images)
    for field in family.fields:
        lists_images = field.each is not None and field.each.type == "image"
        if field.name != "prompt" and not lists_images and (every or _varies(field)):
            yield from ((field.name, value, False) for value in _right(field))
            yield from ((field.name, value, True) for value in _wrong(field))
    if every:
        for name in ("bbox_list", "negative_prompt", "mask", "max_images"):
            if name not in {field.name for field in family.fields}:
                yield name, PICTURE, True


def _varies(field: Field) -> bool:
    return any(rule.condition and rule.kind in KINDS for rule in field.rules)


def _right(field: Field) -> list[Any]:
    if words := _words(field):
        return words
    if field.each:
        return [[each] * 4 for each in _right(field.each)]
    if field.members:
        return [{member.name: _right(member)[0] for member in field.members}]
    if field.type == "boolean":
        return [True, False]
    if patterns := field.rules_of_kind("pattern"):
        return list(patterns[0].keeps[:1])
    keywords = {word for rule in field.rules_of_kind("keywords") for word in rule.limit}
    return [_GOOD[field.type], *sorted(keywords)]


def _wrong(field: Field) -> list[Any]:
    found = list(_BAD[field.type])
    if (_words(field) and field.type == "text") or field.rules_of_kind("keywords"):
        found.append("no such word")
    if field.type == "boolean" and (words := _words(field)):
        found += [value for value in (True, False) if value not in words]
    if field.each:
        found += [[each] * 4 for each in _wrong(field.each)]
    for member in field.members:
        whole = _right(field)[0]
        found += [whole | {member.name: each} for each in _wrong(member)]
        found.append({name: value for name, value in whole.items() if name != member.name})
    if field.members:
        found.append(_right(field)[0] | {"no_such_member": "vase"})
    return found


def _judged(spec: Spec, method: str, model: str, images: bool, arguments: dict[str, Any]) -> Candidate:
    """The call with what the runtime says of it."""
    given = {"prompt": "a vase", "images": [PICTURE] if images else [], **arguments}
    call = "stream" if method == "stream" else given.pop("via", "async")
    verb = "stream" if call == "stream" else "edit" if images else "generate"
    ask = CallArguments(verb, call, model, given.pop("prompt"), given.pop("images"), given)
    lost = {f"{spec.family(model).name}/prompt.required"}  # which Python itself refuses
    broken = lost if ask.prompt is MISSING else _broken(ask, spec)
    return Candidate(method, model, verb, images, arguments, frozenset(broken))


def _broken(ask: CallArguments, spec: Spec) -> set[str]:
    """The rules that the runtime finds broken, of those that a type can say."""
    try:
        with warnings.catch_warnings(action="ignore"):
            refused_by = plan_call(API, "beijing", ask, file_urls=False).passed
    except InvalidRequestError as error:
        refused_by = error.violations
    except InvalidArgumentError:  # for a value that is not an image
        family = spec.family(ask.model)
        names = (
            ["mask"]
            if "mask" in ask.parameters
            else ["images.each"]
            if isinstance(ask.images, list)
            else ["images", "images.each"]
        )
        return {next(rule for name in names if (rule := f"{family.name}/{name}.type") in spec.rules)}
    return {each.rule for each in refused_by if spec.rules[each.rule].kind in KINDS}
