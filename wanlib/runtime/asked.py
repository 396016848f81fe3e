"""A call as its caller asks for it, and its fields in the form of the wire."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from wanlib.base.fine_tuned import base_of
from wanlib.base.shown import shown
from wanlib.base.suggest import unknown_model
from wanlib.base.violation import Violation
from wanlib.runtime.errors import InvalidArgumentError, InvalidRequest
from wanlib.runtime.images import read_image
from wanlib.runtime.source import Source
from wanlib.runtime.tables import Api, Model, Verb

_SILENT = Verb({}, {})
_SCALARS = frozenset({str, int, float, bool})


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


def known_model(api: Api, name: Any) -> Model | None:
    """Return a model's table by its name, that of the base for a fine-tuned model; None if it is unknown.

    No page has a price for a call of a fine-tuned model.
    """
    base = base_of(name, tuple(api.models), api.fine_tuned.ending)
    if base is None or base == name:
        return api.models.get(name) if base else None
    return api.models[base]._replace(name=name, made_from=base, prices={})


def find_model(api: Api, name: Any) -> Model:
    """A model's table by its name. Raises InvalidRequest."""
    if model := known_model(api, name):
        return model
    names = tuple(api.models)
    wrong = Violation("wire/model", "rejected", "/model", names, name)
    raise InvalidRequest(unknown_model(name, names), [wrong])


def fields_of(model: Model, ask: Ask, file_urls: bool) -> dict[str, Any]:
    """Everything that the caller gave and the verb means, in the form of the wire; None is not given."""
    verb = model.verbs.get(ask.verb, _SILENT)
    given = {name: value for name, value in ask.parameters.items() if value is not None}
    for name, value in verb.means.items():
        if given.get(name, value) != value:
            told = f"{ask.verb} of {model.name} means {name}={value!r}, not {shown(given[name])}"
            raise InvalidArgumentError(f"{told}; leave {name} out, or call another verb")
    fields = {**verb.starts, **verb.means}
    if ask.prompt is not None:
        fields["prompt"] = _plain(ask.prompt)
    for name, value in given.items():
        if name in model.lone_images:
            fields[name] = _image(value, model, file_urls, name)
        else:
            fields[name] = _size(value) if name in model.sizes else _plain(value)
    if images := _images(model, ask.images, file_urls):
        fields |= dict.fromkeys(model.images, images)
    return {name: fields[name] for name in model.fields if name in fields}


def facts_of(model: Model, fields: Mapping[str, Any]) -> dict[str, Any]:
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


def extra_of(model: Model, extra: Mapping[str, Any]) -> Mapping[str, Any]:
    """The parameters that are newer than the spec. Raises InvalidArgumentError for what the model knows."""
    if not isinstance(extra, Mapping):
        raise InvalidArgumentError(
            f"extra is {shown(extra)}; allowed: a mapping of parameter names to values"
        )
    for name in extra:
        if not isinstance(name, str):
            raise InvalidArgumentError(f"extra has the name {shown(name)}; allowed: texts")
        if name in model.fields:
            raise InvalidArgumentError(
                f"extra has {shown(name)}, which {model.name} knows; pass it as an argument"
            )
    return extra


def check_images(images: Any) -> None:
    """Raise InvalidArgumentError for what is no list of images."""
    if isinstance(images, str | bytes | bytearray | memoryview) or not isinstance(images, Sequence):
        raise InvalidArgumentError(
            f"images is {shown(images)}; allowed: a list of images. Write images=[...]"
        )


def _images(model: Model, images: Any, file_urls: bool) -> list[Any]:
    return [_image(each, model, file_urls, f"images[{index}]") for index, each in enumerate(images)]


def _size(value: Any) -> Any:
    """A pair of integers is width*height; any other value is judged as it stands."""
    if isinstance(value, tuple | list) and len(value) == 2 and all(type(side) is int for side in value):
        return f"{value[0]}*{value[1]}"
    return _plain(value)


def _plain(value: Any) -> Any:
    """A value as JSON has it: lists and dicts of their own, so that nothing of the caller's is shared."""
    if type(value) in _SCALARS:  # nearly all; the tests below cost more
        return value
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    return value


def _image(value: Any, model: Model, file_urls: bool, argument: str) -> Any:
    if not model.schemes and isinstance(value, str):
        return value  # the model takes no image at all, which is refused elsewhere, in better words
    return read_image(value, file_urls=file_urls, mimes=model.mimes, schemes=model.schemes, argument=argument)
