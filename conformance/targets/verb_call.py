"""A wire body turned back into the call of the client that writes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from conformance.model import Question
from wanlib.base.missing import ABSENT
from wanlib.base.shown import shown
from wanlib.runtime.options import WaitingOrSync
from wanlib.spec import Family, Field, Spec
from wanlib.spec.decode import Decoder, Reading
from wanlib.spec.model import Verb

PASSED_ON = ("http://", "https://", "data:", "oss://")
"""What a text begins with that the client sends as an image just as it is."""
_OWN = frozenset({"self", "model", "prompt", "images", *WaitingOrSync.__annotations__})
_SILENT = Verb({}, {})


class Unsaid(Exception):
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
    strays: Mapping[str, Any] = field(default_factory=dict)
    family: Family | None = None
    means: Mapping[str, Any] = field(default_factory=dict)
    starts: Mapping[str, Any] = field(default_factory=dict)
    no_image: str | None = None

    @property
    def all_images(self) -> list[Any]:
        """Every image, masks and the like too."""
        return [*self.images, *(self.parameters[name] for name in self._lone())]

    def with_images(self, put: "Mapping[str, Any]") -> "VerbCall":
        """The same call with other things in hand for some of its texts."""
        lone = {name: put.get(self.parameters[name], self.parameters[name]) for name in self._lone()}
        images = tuple(put.get(each, each) for each in self.images)
        return replace(self, images=images, parameters={**self.parameters, **lone})

    def _lone(self) -> list[str]:
        fields = self.family.fields if self.family else ()
        return [each.name for each in fields if each.type == "image" and each.name in self.parameters]


def verb_call(spec: Spec, question: Question) -> VerbCall:
    """The call that a body comes from. Raises Unsaid where no call of the client writes it."""
    body, call = question.body, question.call or "async"
    if not isinstance(body, dict):
        raise Unsaid("the client writes an object")
    if "model" not in body:
        raise Unsaid("every verb takes a model")
    model = body["model"]
    if spec.base(model) is None:
        return VerbCall("edit", call, model, "a kettle")
    family = spec.family(model)
    reading = Decoder(family, spec.bodies[family.body]).decode(body)
    strays = _strays(family, reading, body)
    return _said(family, reading, call, model, strays)


def names_rules(family: Family) -> set[str]:
    """The rules on parameters that a family does not have."""
    return {rule.id for rule in (family.unknown, family.only_for) if rule}


def _strays(family: Family, reading: Reading, body: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that the model does not know. Nothing else that is wrong with the form can be said."""
    strays = {}
    for each in reading.violations:
        if each.rule not in names_rules(family) or not each.path.startswith("/parameters/"):
            raise Unsaid(f"the client writes the form of a body itself, so it can't break {each.rule}")
        strays[each.value] = body["parameters"][each.value]
    known = {field.name for field in family.fields}
    for name in strays:
        if name in known or name in _OWN:
            raise Unsaid(
                f"{shown(name)} means something of its own to the client, so it is no extra parameter"
            )
    return strays


def _said(family: Family, reading: Reading, call: str, model: str, strays: dict[str, Any]) -> VerbCall:
    values = {name: value for name, value in reading.values.items() if value is not ABSENT}
    if "prompt" not in values:
        raise Unsaid("every verb takes a prompt")
    if any(value is None for value in values.values()):
        raise Unsaid("to the client None is not given")
    prompt, images = values.pop("prompt"), values.pop("images", None)
    if images is not None and not isinstance(images, list):
        raise Unsaid("every verb takes a list of images")
    if images == [] and not _assembled(family, reading):
        raise Unsaid("to the client a list without an image is no list")
    for each in family.fields:
        _sayable(each, values.get(each.name))
    verb = _verb(family, call, images, values)
    told = family.verbs.get(verb, _SILENT)
    if any(values.get(name, ABSENT) is not value for name, value in told.means.items()):
        raise Unsaid(f"the verb {verb} itself says {', '.join(told.means)}")
    parameters = {name: value for name, value in values.items() if name not in told.means}
    said = VerbCall(
        verb, call, model, prompt, tuple(images or ()), parameters, strays, family, told.means, told.starts
    )
    return replace(said, no_image=_no_image(said))


def _assembled(family: Family, reading: Reading) -> bool:
    """Whether the list of images is put together from parts of the body, so that none leaves no trace."""
    return "images" in reading.item_paths


def _sayable(each: Field, value: Any) -> None:
    """A pair of integers is another way to say a size to the client."""
    if each.type == "size" and isinstance(value, list) and [type(side) for side in value] == [int, int]:
        raise Unsaid(f"to the client two integers are a {each.name}")


def _verb(family: Family, call: str, images: Any, values: Mapping[str, Any]) -> str:
    """The verb for a call: without images the one that draws, unless it would say more than the body does."""
    if call == "stream":
        return "stream"
    draws = family.verbs.get("generate")
    fits = draws is not None and all(values.get(name) is value for name, value in draws.means.items())
    return "edit" if images or not fits else "generate"


def _no_image(said: VerbCall) -> str | None:
    """Why an image is none to the client, which reads texts of these forms alone."""
    for each in said.all_images:
        if not isinstance(each, str) or not each[:8].lower().startswith(PASSED_ON):
            return f"the client refuses what is no image to it, without a rule: {shown(each)[:40]}"
    return None
