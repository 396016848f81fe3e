"""A wire body turned back into the call of the client that writes it."""

from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from wanlib.base.redaction import safe_repr
from wanlib.base.values import ABSENT
from wanlib.boundary.case import Question
from wanlib.client.call.options import WaitOrSyncOptions
from wanlib.spec import Family, Field, Rule, Spec
from wanlib.spec.interpreter.decode import DecodedBody, decode_body
from wanlib.spec.model.model import Verb
from wanlib.validation.data_uri import parse_data_uri

IMAGE_PREFIXES = ("http://", "https://", "data:", "oss://")
"""What a text begins with that the client sends as an image just as it is."""
_RESERVED = frozenset({"self", "model", "prompt", "images", *WaitOrSyncOptions.__annotations__})
_NO_EXTRAS = Verb({}, {})


class NotExpressible(Exception):
    """No verb of the client can say this; the text says why."""


@dataclass(frozen=True, slots=True)
class VerbCall:
    """What is asked of the client.

    verb: `edit`, `generate` or `stream`. call: how it is sent. parameters: those that the model knows.
    strays: those that it does not. family: None for a model that nobody knows. means, starts: what the
    verb adds of itself. no_image: why the client must refuse an image in it, None where all are images.
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
        """Every image, masks and the like too."""
        return [*self.images, *(self.parameters[name] for name in self._single_images())]

    def with_images(self, replacements: "Mapping[str, Any]") -> "VerbCall":
        """The same call with other things in hand for some of its texts."""
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
    """The call that a body comes from. Raises Unsaid where no call of the client writes it."""
    body, call = question.body, question.call or "async"
    if not isinstance(body, dict):
        raise NotExpressible("the client writes an object")
    if "model" not in body:
        raise NotExpressible("every verb takes a model")
    model = body["model"]
    if spec.base(model) is None:
        return VerbCall("edit", call, model, "a kettle")
    family = spec.family(model)
    reading = decode_body(family, spec.bodies[family.body], body)
    unknown = _unknown_parameters(family, reading, body)
    return _build_call(family, reading, call, model, unknown)


def names_rules(family: Family) -> set[str]:
    """The rules on parameters that a family does not have."""
    return {rule.id for rule in (family.unknown, family.only_for) if rule}


def _unknown_parameters(family: Family, reading: DecodedBody, body: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that the model does not know. Nothing else that is wrong with the form can be said."""
    unknown = {}
    for violation in reading.violations:
        if violation.rule not in names_rules(family) or not violation.path.startswith("/parameters/"):
            raise NotExpressible(
                f"the client writes the form of a body itself, so it can't break {violation.rule}"
            )
        unknown[violation.value] = body["parameters"][violation.value]
    field_names = {field.name for field in family.fields}
    for name in unknown:
        if name in field_names or name in _RESERVED:
            raise NotExpressible(
                f"{safe_repr(name)} means something of its own to the client, so it is no extra parameter"
            )
    return unknown


def _build_call(
    family: Family, reading: DecodedBody, call: str, model: str, unknown: dict[str, Any]
) -> VerbCall:
    values = {name: value for name, value in reading.values.items() if value is not ABSENT}
    if "prompt" not in values:
        raise NotExpressible("every verb takes a prompt")
    if any(value is None for value in values.values()):
        raise NotExpressible("to the client None is not given")
    prompt, images = values.pop("prompt"), values.pop("images", None)
    if images is not None and not isinstance(images, list):
        raise NotExpressible("every verb takes a list of images")
    if images == [] and not _is_assembled(family, reading):
        raise NotExpressible("to the client a list without an image is no list")
    for model_field in family.fields:
        _convert(model_field, values.get(model_field.name))
    verb = _choose_verb(family, call, images, values)
    verb_table = family.verbs.get(verb, _NO_EXTRAS)
    if any(values.get(name, ABSENT) is not value for name, value in verb_table.always_sends.items()):
        raise NotExpressible(f"the verb {verb} itself says {', '.join(verb_table.always_sends)}")
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


def _is_assembled(family: Family, reading: DecodedBody) -> bool:
    """Whether the list of images is put together from parts of the body, so that none leaves no trace."""
    return "images" in reading.item_paths


def _convert(field: Field, value: Any) -> None:
    """A pair of integers is another way to say a size to the client."""
    if field.type == "size" and isinstance(value, list) and [type(side) for side in value] == [int, int]:
        raise NotExpressible(f"to the client two integers are a {field.name}")


def _choose_verb(family: Family, call: str, images: Any, values: Mapping[str, Any]) -> str:
    """The verb for a call: without images the one that draws, unless it would say more than the body does."""
    if call == "stream":
        return "stream"
    generate = family.verbs.get("generate")
    generate_fits = generate is not None and all(
        values.get(name) is value for name, value in generate.always_sends.items()
    )
    return "edit" if images or not generate_fits else "generate"


def _image_problem(call: VerbCall) -> str | None:
    """Why an image is none to the client, which reads texts of these forms alone."""
    for image in call.all_images:
        if not isinstance(image, str) or not image[:8].lower().startswith(IMAGE_PREFIXES):
            return f"the client refuses what is no image to it, without a rule: {safe_repr(image)[:40]}"
    return None


def perform(wan: Any, call: VerbCall, arguments: dict[str, Any]) -> None:
    """Makes a call of `Wan`: a stream is read to its end, a task is submitted and left."""
    if call.call == "stream":
        with wan.stream(call.model, call.prompt, images=call.images, **arguments) as stream:
            list(stream)
    elif call.call == "async" and call.verb == ("edit" if call.images else "generate"):
        wan.submit(call.model, call.prompt, images=call.images, **arguments)
    else:
        result_of(wan, call, arguments)


def result_of(wan: Any, call: VerbCall, arguments: dict[str, Any]) -> Any:
    """What `edit` or `generate` of `Wan` yields; of `AsyncWan`, what is to be awaited for it."""
    via = {} if call.call == "async" else {"via": call.call}
    if call.verb == "generate":
        return wan.generate(call.model, call.prompt, **arguments, **via)
    return wan.edit(call.model, call.prompt, images=call.images, **arguments, **via)


def with_local_images(call: VerbCall) -> VerbCall:
    """The call with the bytes of each data URI that the client writes for them, letter by letter."""
    if call.family is None:
        return call
    mimes = _mimes(call.family)
    local = {text: data for text in call.all_images for data in _data_uri_bytes(text, mimes)}
    return call.with_images(local) if local else call


def _mimes(family: Family) -> Mapping[str, str]:
    """The media type that a format bears, by the rule on the model's images."""
    rules = (rule for field in family.walk() if field.type == "image" for rule in field.rules_of_kind("mime"))
    return next((dict(rule.limit) for rule in rules), {})


def _data_uri_bytes(text: Any, mimes: Mapping[str, str]) -> Iterable[bytes]:
    """The bytes of a data URI, or nothing where the client would write them otherwise."""
    uri = parse_data_uri(text)
    if uri is None or uri.facts is None:
        return
    header = f"data:{mimes.get(uri.facts.format or '')};base64,"
    if not text.startswith(header):
        return
    try:
        data = a2b_base64(text[len(header) :], strict_mode=True)
    except ValueError:  # beyond what is judged of a data URI
        return
    last_group = data[(len(data) - 1) // 3 * 3 :]
    if b2a_base64(last_group, newline=False).decode() == text[-4:]:
        yield data


_REACHABLE = frozenset({"wire/model", "wire/endpoints"})


def unreachable_rules(spec: Spec) -> frozenset[str]:
    """Ids of the rules on bodies that the client keeps by its very form."""
    envelope = (rule for rule in spec.rules.values() if rule.scope == "body" and rule.id.startswith("wire/"))
    rule_ids = {rule.id for rule in envelope} - _REACHABLE
    for family in spec.families:
        parts = {name for node in spec.bodies[family.body].walk() for _, name in node.parts}
        for member in family.walk():
            rule_ids |= {rule.id for rule in member.rules if _is_unreachable(family, member, rule, parts)}
    return frozenset(rule_ids)


def _is_unreachable(family: Family, field: Field, rule: Rule, parts: set[str]) -> bool:
    return any(_reasons(family, field, rule, parts))


def _reasons(family: Family, field: Field, rule: Rule, parts: set[str]) -> Iterator[bool]:
    is_images = field.path == "images"
    # The client writes a field where it belongs.
    yield rule.kind == "place"
    # It takes for an image only what is one; anything else is InvalidArgumentError, without a rule.
    yield field.type == "image" and rule.kind in ("type", "schemes")
    yield is_images and rule.kind == "type"
    # Every verb takes a prompt, and says itself what it means.
    yield rule.kind == "required" and field.path == "prompt"
    meant = [
        verb.always_sends[field.path] for verb in family.verbs.values() if field.path in verb.always_sends
    ]
    yield rule.kind == "required" and bool(meant)
    yield rule.kind == "one_of" and tuple(rule.limit) == tuple(meant)
    # A list without an image is no list to it, so `required` is what such a call breaks.
    yield is_images and rule.kind == "min_count" and field.path not in parts and rule.limit <= 1
