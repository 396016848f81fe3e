"""`CallArguments`: the arguments of a verb, and their conversion to fields of the wire body."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from wanlib.base.api_tables import ApiTables, Model, VerbTable
from wanlib.base.identifiers import base_model
from wanlib.base.redaction import safe_repr
from wanlib.base.text import unknown_model_message
from wanlib.base.violation import Violation
from wanlib.client.images.image_source import ImageSource
from wanlib.client.images.inputs import to_image_input
from wanlib.errors import InvalidArgumentError, InvalidRequestError

_NO_SENDS = VerbTable({}, {})
_SCALARS = frozenset({str, int, float, bool})


class CallArguments(NamedTuple):
    """The arguments of a call, as they were passed.

    Attributes:
        verb: `edit`, `generate` or `stream`.
        call: `sync`, `async` or `stream`.
        model: The name of the model.
        prompt: The prompt; None if there is none.
        images: The images.
        parameters: The other parameters by name; None for one that is not set.
        extra: Parameters that are newer than the spec; they are sent without validation.
        allow: The ids of rules that the call may violate.
        fit: Whether local images are fitted to the model.
    """

    verb: str
    call: str
    model: str
    prompt: Any
    images: Any
    parameters: Mapping[str, Any]
    extra: Mapping[str, Any] = {}
    allow: Sequence[str] = ()
    fit: bool = False

    def __repr__(self) -> str:
        return f"<CallArguments {self.verb} {self.call} {safe_repr(self.model)}>"


def find_model(api: ApiTables, name: Any) -> Model | None:
    """Return the table of a model, for a fine-tuned model the table of its base; None if it is unknown.

    No price is documented for a call of a fine-tuned model.
    """
    base = base_model(name, tuple(api.models), api.fine_tuned.ending)
    if base is None or base == name:
        return api.models.get(name) if base else None
    return api.models[base]._replace(name=name, made_from=base, prices={})


def get_model(api: ApiTables, name: Any) -> Model:
    """Return the table of a model. Raise InvalidRequestError if it is unknown."""
    if model := find_model(api, name):
        return model
    names = tuple(api.models)
    wrong = Violation("wire/model", "rejected", "/model", names, name)
    raise InvalidRequestError(unknown_model_message(name, names), [wrong])


def collect_fields(model: Model, arguments: CallArguments, file_urls: bool) -> dict[str, Any]:
    """Return the fields that the caller set and the verb sends, in wire form."""
    verb = model.verbs.get(arguments.verb, _NO_SENDS)
    parameters = {name: value for name, value in arguments.parameters.items() if value is not None}
    for name, value in verb.always_sends.items():
        if parameters.get(name, value) != value:
            problem = (
                f"{arguments.verb} of {model.name} means {name}={value!r}, not {safe_repr(parameters[name])}"
            )
            raise InvalidArgumentError(f"{problem}; leave {name} out, or call another verb")
    fields = {**verb.default_sends, **verb.always_sends}
    if arguments.prompt is not None:
        fields["prompt"] = _copy_json(arguments.prompt)
    for name, value in parameters.items():
        if name in model.single_images:
            fields[name] = _image(value, model, file_urls, name)
        else:
            fields[name] = _format_size(value) if name in model.sizes else _copy_json(value)
    if images := _read_images(model, arguments.images, file_urls):
        fields |= dict.fromkeys(model.images, images)
    return {name: fields[name] for name in model.fields if name in fields}


def fields_for_validation(model: Model, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields as the validator expects them: each local image is replaced by its `ImageInfo`."""

    def fact(image: Any) -> Any:
        return image.info if isinstance(image, ImageSource) else image

    judged = dict(fields)
    for name in model.images:
        if name in judged:
            judged[name] = [fact(image) for image in judged[name]]
    for name in model.single_images:
        if name in judged:
            judged[name] = fact(judged[name])
    return judged


def check_extra(model: Model, extra: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the parameters that are newer than the spec.

    Raises:
        InvalidArgumentError: A parameter is a field of the model, or a name is not text.
    """
    if not isinstance(extra, Mapping):
        raise InvalidArgumentError(
            f"extra is {safe_repr(extra)}; allowed: a mapping of parameter names to values"
        )
    for name in extra:
        if not isinstance(name, str):
            raise InvalidArgumentError(f"extra has the name {safe_repr(name)}; allowed: texts")
        if name in model.fields:
            raise InvalidArgumentError(
                f"extra has {safe_repr(name)}, which is a parameter of {model.name}; pass it as an argument"
            )
    return extra


def check_images(images: Any) -> None:
    """Raise InvalidArgumentError for anything but a list of images."""
    if isinstance(images, str | bytes | bytearray | memoryview) or not isinstance(images, Sequence):
        raise InvalidArgumentError(
            f"images is {safe_repr(images)}; allowed: a list of images. Write images=[...]"
        )


def _read_images(model: Model, images: Any, file_urls: bool) -> list[Any]:
    return [_image(image, model, file_urls, f"images[{index}]") for index, image in enumerate(images)]


def _format_size(value: Any) -> Any:
    """Return a pair of integers as `width*height`; any other value is validated as it is."""
    if isinstance(value, tuple | list) and len(value) == 2 and all(type(side) is int for side in value):
        return f"{value[0]}*{value[1]}"
    return _copy_json(value)


def _copy_json(value: Any) -> Any:
    """Return a deep copy of a value, so that no list or dict is shared with the caller."""
    if type(value) in _SCALARS:  # nearly all; the tests below cost more
        return value
    if isinstance(value, (list, tuple)):
        return [_copy_json(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _copy_json(item) for key, item in value.items()}
    return value


def _image(value: Any, model: Model, file_urls: bool, argument: str) -> Any:
    if not model.schemes and isinstance(value, str):
        return value  # the model takes no image, which is refused elsewhere with a better message
    return to_image_input(
        value, file_urls=file_urls, mimes=model.mimes, schemes=model.schemes, argument=argument
    )
