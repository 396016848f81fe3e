"""A call before it is sent: its fields judged, completed, priced; and the request that it becomes."""

import sys
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from wanlib.base.shown import shown
from wanlib.base.violation import Violation
from wanlib.runtime.body import json_body
from wanlib.runtime.errors import BadSetting, IgnoredParameter, InvalidRequest
from wanlib.runtime.exchange import Request
from wanlib.runtime.images import read_image
from wanlib.runtime.price import Price, price_of
from wanlib.runtime.settings import ANSWER, LEAST_RATE, Settings
from wanlib.runtime.source import Source
from wanlib.runtime.tables import Api, Model, Verb

_SILENT = Verb({}, {})


class Ask(NamedTuple):
    """What a caller asks for, as it was handed in.

    verb: `edit`, `generate` or `stream`. call: `sync`, `async` or `stream`. extra: parameters that are
    newer than the spec, sent unjudged. allow: ids of rules that may be broken.
    """

    verb: str
    call: str
    model: str
    prompt: Any
    images: Any
    parameters: Mapping[str, Any]
    extra: Mapping[str, Any] = {}
    allow: Sequence[str] = ()


class Plan(NamedTuple):
    """A call that may be sent.

    fields: as they are encoded; an image in hand stands as its Source. pictures: the most that it can
    yield. exact: whether it yields so many. price: the most that it can cost, None where no page says.
    passed: violations that are sent all the same: ignored, unspecified or allowed.
    """

    verb: str
    call: str
    model: Model
    fields: dict[str, Any]
    extra: Mapping[str, Any]
    pictures: int
    exact: bool
    price: Price | None
    passed: tuple[Violation, ...]

    @property
    def sources(self) -> list[Source]:
        """The images in hand, in the order of the body."""
        return [each for _, each in self._images() if isinstance(each, Source)]

    def _images(self) -> list[tuple[str, Any]]:
        found = [(name, each) for name in self.model.images for each in self.fields.get(name, ())]
        return found + [(name, self.fields[name]) for name in self.model.lone_images if name in self.fields]

    def with_images(self, urls: Sequence[str]) -> "Plan":
        """The same call with these URLs in place of its sources, in their order."""
        left = iter(urls)

        def put(each: Any) -> Any:
            return next(left) if isinstance(each, Source) else each

        named = [name for name in self.model.images if name in self.fields]
        placed = {name: [put(each) for each in self.fields[name]] for name in named}
        lone = {name: put(self.fields[name]) for name in self.model.lone_images if name in self.fields}
        return self._replace(fields={**self.fields, **placed, **lone})

    def body(self) -> dict[str, Any]:
        """The wire body, a Source standing for each image in hand."""
        body = self.model.code().encode(self.model.name, self.fields)
        if self.extra:
            body["parameters"] = {**body.get("parameters", {}), **self.extra}
        return body

    def request(self, api: Api, settings: Settings) -> Request:
        """The HTTP request, its images read as they are sent."""
        method, path = self.model.endpoints[self.call]
        urls = [each for _, each in self._images() if isinstance(each, str)]
        schemes = {url[: url.find(":")].lower() for url in urls}  # a slice: a data URI may be long
        content = json_body(self.body())
        size = len(content) if isinstance(content, bytes) else content.length
        work = 0.0 if self.call == "async" else api.sync_timeout
        headers = settings.headers(api, self.call, schemes)
        return Request(method, settings.base + path, headers, content, work + ANSWER + size / LEAST_RATE)


def make_plan(api: Api, region: str, ask: Ask, *, file_urls: bool) -> Plan:
    """Judges a call before anything is sent.

    Raises InvalidRequest with every broken rule that the service would reject or that would truncate;
    warns IgnoredParameter of what would be without effect. Raises BadSetting for an image that can't be
    read, for `extra` that has a place of its own, for options of a wrong type.
    """
    model = find_model(api, ask.model)
    if any(name in ask.parameters for name in model.images):
        raise BadSetting("generate takes no images; call edit, which does")
    fields = _fields(model, ask, file_urls)
    _refuse_spare(model, fields)
    _refuse_region(api, model, region, ask.call)
    code = model.code()
    done = code.complete(model.name, fields, ask.call)
    violations = code.core(model.name, _facts(model, done.fields), ask.call)
    refused = [*_strays(model, ask.parameters), *(each for each in violations if each.refused)]
    _refuse(_offered(model, ask.call), refused, ask.allow)
    _refuse_verb(ask)
    _warn(violations)
    known = {name: each for name, each in done.fields.items() if name in model.fields}
    price = price_of(api, model, region, done.pictures)
    extra = _extra(model, ask.extra)
    return Plan(ask.verb, ask.call, model, known, extra, done.pictures, done.exact, price, tuple(violations))


def find_model(api: Api, name: Any) -> Model:
    """A model's table by its name. Raises InvalidRequest."""
    if isinstance(name, str) and name in api.models:
        return api.models[name]
    names = tuple(api.models)
    from difflib import get_close_matches

    near = get_close_matches(str(name), names, 1)
    hint = f"; did you mean {near[0]}?" if near else ""
    wrong = Violation("wire/model", "rejected", "/model", names, name)
    raise InvalidRequest(f"no model {shown(name)}{hint} Known: {', '.join(names)}", [wrong])


def _fields(model: Model, ask: Ask, file_urls: bool) -> dict[str, Any]:
    """Everything that the caller gave and the verb means, in the form of the wire; None is not given."""
    verb = model.verbs.get(ask.verb, _SILENT)
    given = {name: value for name, value in ask.parameters.items() if value is not None}
    for name, value in verb.means.items():
        if given.get(name, value) != value:
            told = f"{ask.verb} of {model.name} means {name}={value!r}, not {shown(given[name])}"
            raise BadSetting(f"{told}; leave {name} out, or call another verb")
    fields = {**verb.starts, **verb.means}
    if ask.prompt is not None:
        fields["prompt"] = _plain(ask.prompt)
    for name, value in given.items():
        if name in model.lone_images:
            fields[name] = read_image(value, file_urls=file_urls, mimes=model.mimes, argument=name)
        else:
            fields[name] = _size(value) if name in model.sizes else _plain(value)
    if images := _images(model, ask.images, file_urls):
        fields |= dict.fromkeys(model.images, images)
    return {name: fields[name] for name in model.fields if name in fields}


def _images(model: Model, images: Any, file_urls: bool) -> list[Any]:
    if isinstance(images, str | bytes | bytearray | memoryview) or not isinstance(images, Sequence):
        raise BadSetting(f"images is {shown(images)}; allowed: a list of images. Write images=[...]")
    return [
        read_image(each, file_urls=file_urls, mimes=model.mimes, argument=f"images[{index}]")
        for index, each in enumerate(images)
    ]


def _refuse_verb(ask: Ask) -> None:
    """An edit of nothing would be drawn from its text, and paid for."""
    if ask.verb == "edit" and not ask.images:
        raise BadSetting("edit was given no image; call generate to draw from text alone")


def _refuse_spare(model: Model, fields: Mapping[str, Any]) -> None:
    """A body that holds one image can't hold a list of them."""
    for name in model.single:
        if len(fields.get(name, ())) > 1:
            met = f"{name} has {len(fields[name])} items; {model.name} takes one"
            raise InvalidRequest(f"nothing was sent: {met}. Leave out the others")


def _size(value: Any) -> Any:
    """A pair of integers is width*height; any other value is judged as it stands."""
    if isinstance(value, tuple | list) and len(value) == 2 and all(type(side) is int for side in value):
        return f"{value[0]}*{value[1]}"
    return _plain(value)


def _plain(value: Any) -> Any:
    """A value as JSON has it: lists and dicts of their own, so that nothing of the caller's is shared."""
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    return value


def _facts(model: Model, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields as the core judges them: of an image in hand, what is known of it."""

    def fact(each: Any) -> Any:
        return each.facts if isinstance(each, Source) else each

    judged = dict(fields)
    for name in model.images:
        if name in judged:
            judged[name] = [fact(each) for each in judged[name]]
    for name in model.lone_images:
        if name in judged:
            judged[name] = fact(judged[name])
    return judged


def _offered(model: Model, call: str) -> list[Violation]:
    """Whether the model has such a call."""
    if call in model.endpoints:
        return []
    return [Violation("wire/endpoints", "rejected", "/model", tuple(model.endpoints), call)]


def _refuse_region(api: Api, model: Model, region: str, call: str) -> None:
    """Whether the model takes such a call in this region: not a fact of the body, but of the address."""
    offers = [name for name, each in api.regions.items() if call in each.calls.get(model.name, ())]
    if region not in offers and call in model.endpoints:
        told = f"{model.name} takes no {call} call in region {region}; it does in {', '.join(offers)}"
        raise InvalidRequest(f"nothing was sent: {told} (wire/regions). Use a key of such a region")


def _strays(model: Model, parameters: Mapping[str, Any]) -> list[Violation]:
    """Parameters that the model does not have: what the service does with them is nowhere said."""
    rule = f"{model.file}/unknown"
    names = tuple(name for name in model.fields if name not in model.images)
    return [
        Violation(rule, "unspecified", f"/parameters/{name}", names, name)
        for name in parameters
        if name not in names
    ]


def _extra(model: Model, extra: Mapping[str, Any]) -> Mapping[str, Any]:
    if not isinstance(extra, Mapping):
        raise BadSetting(f"extra is {shown(extra)}; allowed: a mapping of parameter names to values")
    for name in extra:
        if name in model.fields:
            raise BadSetting(f"extra has {shown(name)}, which {model.name} knows; pass it as an argument")
    return extra


def _refuse(always: Sequence[Violation], violations: Sequence[Violation], allow: Sequence[str]) -> None:
    """Raises InvalidRequest. always: what nobody can allow, for there is no way to send it."""
    if isinstance(allow, str):
        raise BadSetting(
            f"allow is {shown(allow)}; allowed: a list of rule ids. Write allow=[{shown(allow)}]"
        )
    if broken := [*always, *(each for each in violations if each.rule not in allow)]:
        told = "; ".join(map(str, broken))
        raise InvalidRequest(f"nothing was sent: {told}", broken)


def _warn(violations: Sequence[Violation]) -> None:
    for each in violations:
        if each.outcome == "ignored":
            warnings.warn(str(each), IgnoredParameter, stacklevel=_callers_level())


def _callers_level() -> int:
    """How far up the caller stands: the first frame that is none of this package."""
    package, level, frame = __name__.partition(".")[0], 1, sys._getframe(1)
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] == package:
        frame, level = frame.f_back, level + 1
    return level
