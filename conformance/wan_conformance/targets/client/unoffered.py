"""Calls with input that a model does not have: a verb, images, or a single image such as a mask.

No rule of a body forbids them, since no body can contain them. A client that silently leaves them out sends a
different call from the one that was made, and that call is billed.
"""

from collections.abc import Iterator
from dataclasses import replace

from wan_conformance.targets.client.verb_call import VerbCall
from wanlib.spec import Family, Spec

_IMAGE = "https://photos.invalid/street.jpg"


def unoffered(spec: Spec, family: Family, call: VerbCall) -> Iterator[tuple[VerbCall, str, str]]:
    """Yield variants of a valid call with input that its model does not have.

    Args:
        spec: The spec.
        family: The family of the model.
        call: A valid call.

    Yields:
        The call, with the name and value of a parameter that the model does not have, or with two empty
        texts.
    """
    takes_images = any(field.each and field.each.type == "image" for field in family.fields)
    if not takes_images:
        for call_mode in sorted({"async", "sync"}.intersection(spec.calls(call.model))):
            yield replace(call, verb="edit", call=call_mode, images=(_IMAGE,)), "", ""
    elif "generate" not in family.verbs:
        yield replace(call, verb="generate", images=()), "", ""
    if "stream" not in family.verbs:
        yield replace(call, verb="stream", call="stream"), "", ""
    own_names = {field.name for field in family.fields}
    yield from ((call, name, _IMAGE) for name in _single_images(spec) if name not in own_names)


def _single_images(spec: Spec) -> list[str]:
    """Return the names of all fields, of any model, that hold one image."""
    fields = (field for family in spec.families for field in family.fields)
    return sorted({field.name for field in fields if field.type == "image"})
