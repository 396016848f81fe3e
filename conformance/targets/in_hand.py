"""Images in hand in place of data URIs, so that the client reads and encodes them itself."""

from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable, Mapping
from typing import Any

from conformance.targets.verb_call import VerbCall
from wanlib.base.data_uri import parse_data_uri
from wanlib.spec import Family


def in_hand(said: VerbCall) -> VerbCall:
    """The call with the bytes of each data URI that the client writes for them, letter by letter."""
    if said.family is None:
        return said
    mimes = _mimes(said.family)
    found = {text: octets for text in said.all_images for octets in _octets(text, mimes)}
    return said.with_images(found) if found else said


def _mimes(family: Family) -> Mapping[str, str]:
    """The media type that a format bears, by the rule on the model's images."""
    rules = (rule for field in family.walk() if field.type == "image" for rule in field.of_kind("mime"))
    return next((dict(rule.limit) for rule in rules), {})


def _octets(text: Any, mimes: Mapping[str, str]) -> Iterable[bytes]:
    """The bytes of a data URI, or nothing where the client would write them otherwise."""
    uri = parse_data_uri(text)
    if uri is None or uri.facts is None:
        return
    head = f"data:{mimes.get(uri.facts.format or '')};base64,"
    if not text.startswith(head):
        return
    try:
        octets = a2b_base64(text[len(head) :], strict_mode=True)
    except ValueError:  # beyond what is judged of a data URI
        return
    last = octets[(len(octets) - 1) // 3 * 3 :]
    if b2a_base64(last, newline=False).decode() == text[-4:]:
        yield octets
