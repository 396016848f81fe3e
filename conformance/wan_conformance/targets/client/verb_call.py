"""Translate a wire body back into the client call that sends it; the rules that no call can violate."""

from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from wanlib.base.redaction import safe_repr
from wanlib.base.values import ABSENT
from wanlib.boundary.case import Question
from wanlib.client.call.options import WaitOrSyncOptions
from wanlib.spec import Condition, Family, Field, Rule, Spec
from wanlib.spec.interpreter.decode import DecodedBody, decode_body
from wanlib.spec.model.mode_values import value_combinations
from wanlib.spec.model.model import Verb
from wanlib.spec.model.modes import holds
from wanlib.validation.data_uri import parse_data_uri

IMAGE_PREFIXES = ("http://", "https://", "data:", "oss://")
"""Prefixes of texts that the client sends as images unchanged."""
_RESERVED = frozenset({"self", "model", "prompt", "images", *WaitOrSyncOptions.__annotations__})
_NO_EXTRAS = Verb({}, {})
_VERBS = ("edit", "generate")
_VERBS_OF_CALLS = {"stream": ("stream",)}
"""The verbs by which the client makes a call, if they differ from those of other calls."""


class NotExpressibleError(Exception):
    """No verb of the client can express this; the text says why."""


@dataclass(frozen=True, slots=True)
class VerbCall:
    """A call of the client.

    Attributes:
        verb: `edit`, `generate` or `stream`.
        call: How it is sent: `sync`, `async` or `stream`.
        model: The model, any JSON.
        prompt: The prompt, any JSON.
        images: The images.
        parameters: The parameters that the model has.
        unknown: The parameters that it does not have.
        family: The family of the model; None for an unknown model.
        always_sends: The values that the verb always adds.
        default_sends: The values that the verb adds unless the caller passes others.
        image_problem: Why the client must refuse an image in it; None if all are images.
    """

    verb: str
    call: str
    model: Any
    prompt: Any
    images: tuple[Any, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    unknown: Mapping[str, Any] = field(default_factory=dict)
    family: Family | None = None
    always_sends: Mapping[str, Any] = field(default_factory=dict)
    default_sends: Mapping[str, Any] = field(default_factory=dict)
    image_problem: str | None = None

    @property
    def all_images(self) -> list[Any]:
        """All images, including masks and similar ones."""
        return [*self.images, *(self.parameters[name] for name in self._single_images())]

    def with_images(self, replacements: "Mapping[str, Any]") -> "VerbCall":
        """Return the same call with other values for some of its images.

        Args:
            replacements: The new value by the old text.
        """
        single_images = {
            name: replacements.get(self.parameters[name], self.parameters[name])
            for name in self._single_images()
        }
        images = tuple(replacements.get(image, image) for image in self.images)
        return replace(self, images=images, parameters={**self.parameters, **single_images})

    def _single_images(self) -> list[str]:
        fields = self.family.fields if self.family else ()
        return [field.name for field in fields if field.type == "image" and field.name in self.parameters]


def verb_call(spec: Spec, question: Question) -> VerbCall:
    """Return the call that produces a body.

    Raises:
        NotExpressibleError: No call of the client produces it.
    """
    body = question.body
    if not isinstance(body, dict):
        raise NotExpressibleError("the client only sends objects")
    if "model" not in body:
        raise NotExpressibleError("every verb requires a model")
    model = body["model"]
    call = question.call or default_call(spec, model)
    if spec.base(model) is None:
        return VerbCall("edit", call, model, "a kettle")
    family = spec.family(model)
    reading = decode_body(family, spec.form(family), body)
    unknown = _unknown_parameters(family, reading, body)
    if unknown and not any(node.form == "rest" for node in spec.form(family).walk()):
        raise NotExpressibleError("the body form has no place for other parameters")
    return _build_call(family, reading, call, model, unknown)


def default_call(spec: Spec, model: Any) -> str:
    """Return the call of a body whose call is not known: asynchronous, unless the model has no such call."""
    calls = spec.calls(model) if spec.base(model) else ()
    return "async" if "async" in calls or not calls else calls[0]


def names_rules(family: Family) -> set[str]:
    """Return the ids of the rules on parameters that a family does not have."""
    return {rule.id for rule in (family.unknown, family.only_for) if rule}


def _unknown_parameters(family: Family, reading: DecodedBody, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters that the model does not have; no call can have another wrong form."""
    unknown = {}
    for violation in reading.violations:
        if violation.rule not in names_rules(family) or not violation.path.startswith("/parameters/"):
            raise NotExpressibleError(
                f"the client builds the body itself, so it can't violate {violation.rule}"
            )
        unknown[violation.value] = body["parameters"][violation.value]
    field_names = {field.name for field in family.fields}
    for name in unknown:
        if name in field_names or name in _RESERVED:
            raise NotExpressibleError(
                f"{safe_repr(name)} is an argument of the client itself, so it can't be an extra parameter"
            )
    return unknown


def _build_call(
    family: Family, reading: DecodedBody, call: str, model: str, unknown: dict[str, Any]
) -> VerbCall:
    values = {name: value for name, value in reading.values.items() if value is not ABSENT}
    if "prompt" not in values:
        raise NotExpressibleError("every verb requires a prompt")
    if any(value is None for value in values.values()):
        raise NotExpressibleError("the client treats None as not given")
    prompt, images = values.pop("prompt"), values.pop("images", None)
    if images is not None and not isinstance(images, list):
        raise NotExpressibleError("every verb requires a list of images")
    if images == [] and not _is_assembled(reading):
        raise NotExpressibleError("the client doesn't send an empty list of images")
    for model_field in family.fields:
        _refuse_size_pair(model_field, values.get(model_field.name))
    singles = [values.get(field.name) for field in family.fields if field.type == "image"]
    has_image = bool(images) or any(singles)
    verb = _choose_verb(family, call, has_image, values)
    verb_table = family.verbs.get(verb, _NO_EXTRAS)
    if any(values.get(name, ABSENT) is not value for name, value in verb_table.always_sends.items()):
        raise NotExpressibleError(f"the verb {verb} itself sets {', '.join(verb_table.always_sends)}")
    parameters = {name: value for name, value in values.items() if name not in verb_table.always_sends}
    verb_call = VerbCall(
        verb,
        call,
        model,
        prompt,
        tuple(images or ()),
        parameters,
        unknown,
        family,
        verb_table.always_sends,
        verb_table.default_sends,
    )
    return replace(verb_call, image_problem=_image_problem(verb_call))


def _is_assembled(reading: DecodedBody) -> bool:
    """Return whether the list of images is assembled from parts, so that an empty list is not visible."""
    return "images" in reading.item_paths


def _refuse_size_pair(field: Field, value: Any) -> None:
    """Refuse two integers as a size: the client reads them as width and height."""
    if field.type == "size" and isinstance(value, list) and [type(side) for side in value] == [int, int]:
        raise NotExpressibleError(f"the client reads two integers as a {field.name}")


def _choose_verb(family: Family, call: str, has_image: bool, values: Mapping[str, Any]) -> str:
    """Return the verb: without an image `generate`, unless it would send more than the body has."""
    if call == "stream":
        return "stream"
    generate = family.verbs.get("generate")
    generate_fits = generate is not None and all(
        values.get(name) is value for name, value in generate.always_sends.items()
    )
    return "edit" if has_image or not generate_fits else "generate"


def _image_problem(call: VerbCall) -> str | None:
    """Return why the client refuses an image, which must be a text of one of these forms; None if none."""
    for image in call.all_images:
        if not isinstance(image, str) or not image[:8].lower().startswith(IMAGE_PREFIXES):
            return f"the client refuses this image without naming a rule: {safe_repr(image)[:40]}"
    return None


def perform(wan: Any, call: VerbCall, arguments: dict[str, Any]) -> None:
    """Make a call of `Wan`: a stream is read to its end, a task is submitted and not awaited.

    Args:
        wan: The client.
        call: The call.
        arguments: Its keyword arguments.
    """
    if call.call == "stream":
        with wan.stream(call.model, call.prompt, images=call.images, **arguments) as stream:
            list(stream)
    elif call.call == "async" and call.verb == ("edit" if call.all_images else "generate"):
        wan.submit(call.model, call.prompt, images=call.images, **arguments)
    else:
        result_of(wan, call, arguments)


def result_of(wan: Any, call: VerbCall, arguments: dict[str, Any]) -> Any:
    """Return the result of `edit` or `generate`: the output of `Wan`, or an awaitable of `AsyncWan`.

    Args:
        wan: The client.
        call: The call.
        arguments: Its keyword arguments.
    """
    if call.verb == "generate":
        return wan.generate(call.model, call.prompt, **arguments, via=call.call)
    return wan.edit(call.model, call.prompt, images=call.images, **arguments, via=call.call)


def with_local_images(call: VerbCall) -> VerbCall:
    """Return the call with bytes in place of each data URI that the client would encode identically."""
    if call.family is None:
        return call
    mimes = _mimes(call.family)
    local = {text: data for text in call.all_images for data in _data_uri_bytes(text, mimes)}
    return call.with_images(local) if local else call


def _mimes(family: Family) -> Mapping[str, str]:
    """Return the media type of each image format, by the rule on the model's images."""
    rules = (rule for field in family.walk() if field.type == "image" for rule in field.rules_of_kind("mime"))
    return next((dict(rule.limit) for rule in rules), {})


def _data_uri_bytes(text: Any, mimes: Mapping[str, str]) -> Iterable[bytes]:
    """Yield the bytes of a data URI; nothing if the client would encode them differently."""
    uri = parse_data_uri(text)
    if uri is None or uri.facts is None:
        return
    header = f"data:{mimes.get(uri.facts.format or '')};base64,"
    if not text.startswith(header):
        return
    try:
        data = a2b_base64(text[len(header) :], strict_mode=True)
    except ValueError:  # invalid in a way that no rule covers
        return
    last_group = data[(len(data) - 1) // 3 * 3 :]
    if b2a_base64(last_group, newline=False).decode() == text[-4:]:
        yield data


_REACHABLE = frozenset({"wire/model", "wire/endpoints"})


def unreachable_rules(spec: Spec) -> frozenset[str]:
    """Return the ids of body rules that no call of the client can violate."""
    envelope = (rule for rule in spec.rules.values() if rule.scope == "body" and rule.id.startswith("wire/"))
    rule_ids = {rule.id for rule in envelope} - _REACHABLE
    for family in spec.families:
        parts = {name for node in spec.form(family).walk() for _, name in node.parts}
        if family.only_for and not any(node.form == "rest" for node in spec.form(family).walk()):
            rule_ids.add(family.only_for.id)
        for member in family.walk():
            rule_ids |= {rule.id for rule in member.rules if _is_unreachable(family, member, rule, parts)}
        rule_ids |= {
            rule.id for call, rule in family.call_rules.items() if _always_holds(family, call, rule.limit)
        }
    return frozenset(rule_ids)


def _always_holds(family: Family, call: str, condition: Condition) -> bool:
    """Return whether every verb that makes a call sends values for which the condition holds."""
    verbs = [family.verbs[name] for name in _VERBS_OF_CALLS.get(call, _VERBS) if name in family.verbs]
    return not any(
        holds(family.modes, condition.mode, values) is not condition.wanted
        for verb in verbs
        for values in value_combinations(family, (condition.mode,))
        if all(values.get(name, value) == value for name, value in verb.always_sends.items())
    )


def _is_unreachable(family: Family, field: Field, rule: Rule, parts: set[str]) -> bool:
    return any(_reasons(family, field, rule, parts))


def _reasons(family: Family, field: Field, rule: Rule, parts: set[str]) -> Iterator[bool]:
    is_images = field.path == "images"
    # The client writes each field at its place.
    yield rule.kind == "place"
    # A value that is not an image raises InvalidArgumentError, without a rule.
    yield field.type == "image" and rule.kind in ("type", "schemes")
    yield is_images and rule.kind == "type"
    # Every verb requires a prompt and sets some fields itself.
    yield rule.kind == "required" and field.path == "prompt"
    set_values = [
        verb.always_sends[field.path] for verb in family.verbs.values() if field.path in verb.always_sends
    ]
    yield rule.kind == "required" and bool(set_values)
    yield rule.kind == "one_of" and tuple(rule.limit) == tuple(set_values)
    # It doesn't send an empty list of images, so such a call violates `required`.
    yield is_images and rule.kind == "min_count" and field.path not in parts and rule.limit <= 1
