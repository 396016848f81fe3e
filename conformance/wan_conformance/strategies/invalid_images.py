"""How an image string comes to break one rule and no other: with real pictures, the smallest that will do."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from wan_conformance.strategies.byte_source import ByteSource
from wan_conformance.strategies.images import Limits, data_uri_of_known_size
from wan_conformance.strategies.invalid_values import Break, Factory
from wan_conformance.strategies.partial_request import PartialRequest, Sides
from wanlib.boundary.images import MIMES, data_uri
from wanlib.boundary.mode_cases import ModeCase
from wanlib.spec.model.model import Field, Rule

_NO_SCHEMES = (
    *("", "x", "a.png", "/tmp/a.png", "./a.png", "//e.com/a.png", "http:/e.com/a.png", "https:", "http"),
    *("ftp://e.com/a.png", "file:///a.png", "javascript:alert(1)", "HTTP//e.com", " http://e.com"),
    *("data", "www.example.com/a.png", "oss:bucket/a.png", "iVBORw0KGgo=", "blob:https://e.com/1"),
)
_NO_ASCII = (
    "https://example.com/夜.png",
    "http://例え.jp/a.png",
    "oss://bucket/é",
    "https://e.com/a\u00b7.png",
)


def _unknown_scheme(rule: Rule, field: Field, situation: ModeCase) -> Break:
    others = [f"{name}://example.com/a.png" for name in ("http", "https", "oss") if name not in rule.limit]
    return lambda value, octets, around: octets.choose((*_NO_SCHEMES, *others))


def _not_ascii(rule: Rule, field: Field, situation: ModeCase) -> Break:
    schemes = situation.limit(field, "schemes", ("https",))
    texts = tuple(text for text in _NO_ASCII if text.partition(":")[0] in schemes)
    return lambda value, octets, around: octets.choose(texts)


_PRIVATE = (
    *("localhost", "a.localhost", "127.0.0.1", "127.1", "0x7f000001", "017700000001", "0", "10.1.2.3"),
    *("172.16.0.1", "192.168.255.255", "169.254.169.254", "100.64.0.0", "192.0.2.1", "224.0.0.1", "[::]"),
    *("[::1]", "[::ffff:127.0.0.1]", "[64:ff9b::127.0.0.1]", "[2002:7f00:1::]", "[fc00::1]", "[fe80::1]"),
    *("[fec0::1]", "[2001:db8::1]", "a.local", "a.internal", "a..b", "", "a" * 64, "1.2.3.4.5", "256.1.1.1"),
    *("e.com@127.0.0.1", "127%2e0%2e0%2e1", "e.com:0", "[::1", "e.com\\@127.0.0.1"),
)
_BLANKS = (" ", "\t", "\n", "\r", "\0", "\x1f", "\x7f")


def _not_public(rule: Rule, field: Field, situation: ModeCase) -> Break:
    hosts = (*_PRIVATE, *(f"bucket{suffix}" for suffix in rule.limit))

    def change(value: Any, octets: ByteSource, around: PartialRequest) -> str:
        host, blank = octets.choose(hosts), octets.choose(_BLANKS)
        url = f"http://{host}/a.png"
        return octets.choose(
            (url, url, url.replace("http:", "HTTPS:"), f"https://e.com/{blank}", "oss://", "oss:///")
        )

    return change


_PAST = ("20010909T014640Z", "19700101T000000Z", "20200229T235959Z")


def _expired(rule: Rule, field: Field, situation: ModeCase) -> Break:
    """A signature that ended years ago, whatever the clock says."""

    def change(value: Any, octets: ByteSource, around: PartialRequest) -> str:
        *date, end = octets.choose(rule.limit)
        begin = "".join(f"{name}={octets.choose(_PAST)}&" for name in date)
        seconds = octets.choose((0, 1, 3600) if date else (0, 1, 1_500_000_000))
        return f"https://e.com/a.png?{begin}{end}={seconds}&Signature=c2ln"

    return change


def _bad_encoding(rule: Rule, field: Field, situation: ModeCase) -> Break:
    limits = Limits(field, situation)

    def change(value: Any, octets: ByteSource, around: PartialRequest) -> str:
        head, _, data = limits.picture(octets, PartialRequest({})).partition(",")
        mime = head.partition(";")[0]
        texts = (
            *(f"{head},{data[:-1]}", f"{head},{data}A", f"{head},!{data[1:]}", f"{head},\n{data[1:]}"),
            *(f"{head},A=AA{data}", f"{head},AA==AAAA", f"{head},====", f"{head},-_-_"),
            *(f"{head}{data}", f"{mime};base32,{data}", f"{mime}; base64,{data}", f"{mime},AAAA", mime),
            *("data:", "data:,", "data:;base64,AAAA", "data:image;base64,AAAA", "data://a/b;base64,AAAA"),
        )
        return octets.choose(texts)

    return change


def _other_mime(rule: Rule, field: Field, situation: ModeCase) -> Break:
    """A name that is not in the table, or that of another format in it."""
    limits = Limits(field, situation)
    names = dict.fromkeys((*rule.limit.values(), *MIMES.values(), "image/jpg", "text/plain", "x/y"))

    def change(value: Any, octets: ByteSource, around: PartialRequest) -> str:
        name = octets.choose(limits.formats)
        mime = octets.choose([told for told in names if told != rule.limit[name]])
        return data_uri_of_known_size(around, name, limits.shapes[0], mime)

    return change


def _other_format(rule: Rule, field: Field, situation: ModeCase) -> Break:
    """Another format under a name of the table, nothing, no picture, a picture cut short."""
    limits = Limits(field, situation)
    others = [name for name in MIMES if name not in rule.limit]

    def change(value: Any, octets: ByteSource, around: PartialRequest) -> str:
        name, cut = octets.choose(rule.limit), octets.byte()
        if cut < 128 and others:
            return data_uri_of_known_size(around, octets.choose(others), limits.shapes[0], limits.mimes[name])
        head, _, data = data_uri_of_known_size(
            PartialRequest({}), name, limits.shapes[0], limits.mimes[name]
        ).partition(",")
        return f"{head},{octets.choose((data[:16], '', 'AAAA', 'bm8gcGljdHVyZQ=='))}"

    return change


def _sided(rule: Rule, field: Field, situation: ModeCase) -> Break:
    """Pictures beyond one limit on sides or ratio and within the others."""
    limits = Limits(field, situation)
    name = "png" if "png" in limits.formats else limits.formats[0]  # the smallest when large
    sides = tuple(_sizes_beyond(rule.kind, limits))
    return lambda value, octets, around: data_uri_of_known_size(
        around, name, octets.choose(sides), limits.mimes[name]
    )


def _sizes_beyond(kind: str, limits: Limits) -> Iterator[Sides]:
    least, most, low, high = limits.min_side, limits.max_side, limits.min_ratio, limits.max_ratio
    if kind == "min_side":
        yield from ((least - 1, least), (least, least - 1), (least - 1, least - 1), (1, 1))
    elif kind == "max_side":
        yield max(least, -(-(most + 1) * low.width // low.height)), most + 1
        yield most + 1, max(least, -(-(most + 1) * high.height // high.width))
    elif kind == "min_ratio":
        longest = least * low.height // low.width + 1
        yield from ((least, longest), (least, min(most, 2 * longest)))
    else:
        longest = least * high.width // high.height + 1
        yield from ((longest, least), (min(most, 2 * longest), least))


def _too_big(rule: Rule, field: Field, situation: ModeCase) -> Break:
    limits = Limits(field, situation)
    name, sides = limits.formats[0], limits.shapes[0]

    def change(value: Any, octets: ByteSource, around: PartialRequest) -> str:
        text = _padded(name, sides, limits.mimes[name], rule.limit + 1)
        around.sides[text] = sides
        return text

    return change


# Some 28 MB of text each: one at a time is enough, since a strategy asks for the same again and again.
@lru_cache(maxsize=1)
def _padded(name: str, sides: Sides, mime: str, length: int) -> str:
    return data_uri(name, *sides, mime=mime, size_bytes=length)


def _other_pixels(rule: Rule, field: Field, situation: ModeCase) -> Break:
    limits = Limits(field, situation)

    def change(value: Any, octets: ByteSource, around: PartialRequest) -> str:
        own = around.sides_of(rule.limit, 0)
        return limits.picture(octets, around, octets.choose([each for each in limits.shapes if each != own]))

    return change


IMAGES: dict[str, Factory] = {
    "schemes": _unknown_scheme,
    "chars": _not_ascii,
    "public": _not_public,
    "unexpired": _expired,
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
