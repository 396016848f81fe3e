"""Calls for what a model does not have: a verb, images, or a single image such as a mask.

No rule of a body forbids them, since no body can hold them. A client that leaves them out of the request
sends another call than the one that it was asked for, and that call is paid for.
"""

from collections.abc import Iterator
from dataclasses import replace

from wan_conformance.targets.client.verb_call import VerbCall
from wanlib.spec import Family, Spec

_IMAGE = "https://photos.invalid/street.jpg"


def unoffered(spec: Spec, family: Family, call: VerbCall) -> Iterator[tuple[VerbCall, str, str]]:
    """Yield variants of a good call that ask for what its model does not have.

    Each comes with the name and value of a parameter that the model does not have, or with none.
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
    """The names of all fields, of whatever model, that hold one image."""
    fields = (field for family in spec.families for field in family.fields)
    return sorted({field.name for field in fields if field.type == "image"})
