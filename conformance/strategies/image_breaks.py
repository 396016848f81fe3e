"""How an image string comes to break one rule and no other: with real pictures, the smallest that will do."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from conformance.pictures import MIMES, data_uri
from conformance.strategies.around import Around, Sides
from conformance.strategies.breaks import Break, Factory
from conformance.strategies.images import known, picture, shapes
from conformance.strategies.octets import Octets
from conformance.strategies.situations import Situation
from wanlib.base.ratio import Ratio
from wanlib.spec.model import Field, Rule

_NO_SCHEMES = (
    *("", "x", "a.png", "/tmp/a.png", "./a.png", "//example.com/a.png", "http:/example.com/a.png", "https:"),
    *("ftp://example.com/a.png", "file:///a.png", "javascript:alert(1)", "HTTP//example.com", " http://e.com"),
    *("http", "data", "www.example.com/a.png", "oss:bucket/a.png", "iVBORw0KGgo=", "blob:https://example.com/1"),
)
_NO_ASCII = ("https://example.com/夜.png", "http://例え.jp/a.png", "oss://bucket/é", "https://e.com/a\u00a0.png")
_LONG_RATIO = 100_000


def _unknown_scheme(rule: Rule, field: Field, situation: Situation) -> Break:
    others = [f"{name}://example.com/a.png" for name in ("http", "https", "oss") if name not in rule.limit]
    return lambda value, octets, around: octets.pick((*_NO_SCHEMES, *others))


def _not_ascii(rule: Rule, field: Field, situation: Situation) -> Break:
    schemes = situation.limit(field, "schemes")
    texts = tuple(text for text in _NO_ASCII if text.partition(":")[0] in schemes)
    return lambda value, octets, around: octets.pick(texts)


def _bad_encoding(rule: Rule, field: Field, situation: Situation) -> Break:
    def change(value: Any, octets: Octets, around: Around) -> str:
        head, _, data = picture(field, situation, octets, Around({})).partition(",")
        texts = (
            *(f"{head},{data[:-1]}", f"{head},{data}A", f"{head},!{data[1:]}", f"{head},{data[:8]} {data[9:]}"),
            *(f"{head},A=AA{data}", f"{head},AA==AAAA", f"{head},====", f"{head},-_-_", f"{head},\n{data[1:]}"),
            *(f"{head}{data}", "data:", "data:,", "data:;base64,AAAA", "data:image/png,AAAA", "data:image/png"),
            *(f"{head.partition(';')[0]};base32,{data}", f"{head.partition(';')[0]}; base64,{data}"),
            *("data:image;base64,AAAA", "data://image/png;base64,AAAA"),
        )
        return octets.pick(texts)

    return change


def _other_mime(rule: Rule, field: Field, situation: Situation) -> Break:
    """A name that is not in the table, or that of another format in it."""

    def change(value: Any, octets: Octets, around: Around) -> str:
        name = octets.pick(situation.limit(field, "formats"))
        told = [*rule.limit.values(), *MIMES.values(), "image/jpg", "text/plain", "application/octet-stream"]
        mime = octets.pick([mime for mime in dict.fromkeys(told) if mime != rule.limit[name]])
        return known(around, name, shapes(field, situation)[0], mime)

    return change


def _other_format(rule: Rule, field: Field, situation: Situation) -> Break:
    """Another format under a name of the table, nothing, no picture, a picture cut short."""
    mimes = situation.limit(field, "mime", {name: MIMES[name] for name in rule.limit})
    others = [name for name in MIMES if name not in rule.limit]

    def change(value: Any, octets: Octets, around: Around) -> str:
        name, cut = octets.pick(rule.limit), octets.byte()
        if cut < 128 and others:
            return known(around, octets.pick(others), shapes(field, situation)[0], mimes[name])
        data = octets.pick(("", "AAAA", "bm8gcGljdHVyZQ==", "R0lGODlh", "/9j/", "iVBORw0KGgoAAAANSUhEUgAA"))
        return f"data:{mimes[name]};base64,{data}"

    return change


def _sided(rule: Rule, field: Field, situation: Situation) -> Break:
    """Pictures beyond one limit on sides or ratio and within the others."""
    sides = tuple(_beyond(rule, field, situation))
    formats = situation.limit(field, "formats")
    name = "png" if "png" in formats else formats[0]
    mime = situation.limit(field, "mime", MIMES)[name]
    return lambda value, octets, around: known(around, name, octets.pick(sides), mime)


def _beyond(rule: Rule, field: Field, situation: Situation) -> Iterator[Sides]:
    least, most = situation.limit(field, "min_side", 1), situation.limit(field, "max_side", _LONG_RATIO)
    low = situation.limit(field, "min_ratio", Ratio(1, _LONG_RATIO))
    high = situation.limit(field, "max_ratio", Ratio(_LONG_RATIO, 1))
    if rule.kind == "min_side":
        yield from ((least - 1, least), (least, least - 1), (least - 1, least - 1), (1, 1))
    elif rule.kind == "max_side":
        width = max(least, -(-(most + 1) * low.width // low.height))
        height = max(least, -(-(most + 1) * high.height // high.width))
        yield from ((width, most + 1), (most + 1, height))
    elif rule.kind == "min_ratio":
        longest = least * low.height // low.width + 1
        yield from ((least, longest), (least, min(most, 2 * longest)))
    else:
        longest = least * high.width // high.height + 1
        yield from ((longest, least), (min(most, 2 * longest), least))


def _too_big(rule: Rule, field: Field, situation: Situation) -> Break:
    name, sides = situation.limit(field, "formats")[0], shapes(field, situation)[0]
    mime = situation.limit(field, "mime", MIMES)[name]

    def change(value: Any, octets: Octets, around: Around) -> str:
        text = _padded(name, sides, mime, rule.limit + 1)
        around.sides[text] = sides
        return text

    return change


# Some 28 MB of text each: one at a time is enough, since a strategy asks for the same again and again.
@lru_cache(maxsize=1)
def _padded(name: str, sides: Sides, mime: str, length: int) -> str:
    return data_uri(name, *sides, mime=mime, size_bytes=length)


def _other_pixels(rule: Rule, field: Field, situation: Situation) -> Break:
    def change(value: Any, octets: Octets, around: Around) -> str:
        own = around.sides_of(rule.limit, 0)
        sides = octets.pick([each for each in shapes(field, situation) if each != own])
        return picture(field, situation, octets, around, sides)

    return change


IMAGES: Mapping[str, Factory] = {
    "schemes": _unknown_scheme,
    "chars": _not_ascii,
    "encoding": _bad_encoding,
    "mime": _other_mime,
    "formats": _other_format,
    "min_side": _sided,
    "max_side": _sided,
    "min_ratio": _sided,
    "max_ratio": _sided,
    "max_bytes": _too_big,
    "same_pixels_as": _other_pixels,
}
"""How each kind on images alone, and each that means something else on them, is broken."""
