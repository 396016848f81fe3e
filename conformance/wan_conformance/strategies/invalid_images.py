"""Image strings that violate one rule and no other, with real images as small as possible."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from wan_conformance.strategies.byte_source import ByteSource
from wan_conformance.strategies.images import ImageLimits, data_uri_of_known_size
from wan_conformance.strategies.invalid_values import Break, Factory
from wan_conformance.strategies.partial_request import PartialRequest, Sides
from wanlib.boundary.images import MEDIA_TYPES, data_uri_of_image
from wanlib.boundary.mode_cases import ModeCase
from wanlib.spec.model.model import Field, Rule

_WITHOUT_SCHEME = (
    *("", "x", "a.png", "/tmp/a.png", "./a.png", "//e.com/a.png", "http:/e.com/a.png", "https:", "http"),
    *("ftp://e.com/a.png", "file:///a.png", "javascript:alert(1)", "HTTP//e.com", " http://e.com"),
    *("data", "www.example.com/a.png", "oss:bucket/a.png", "iVBORw0KGgo=", "blob:https://e.com/1"),
)
_NOT_ASCII = (
    "https://example.com/夜.png",
    "http://例え.jp/a.png",
    "oss://bucket/é",
    "https://e.com/a\u00b7.png",
)


def _unknown_scheme(rule: Rule, field: Field, mode_case: ModeCase) -> Break:
    others = [f"{name}://example.com/a.png" for name in ("http", "https", "oss") if name not in rule.limit]
    return lambda value, source, partial: source.choose((*_WITHOUT_SCHEME, *others))


def _not_ascii(rule: Rule, field: Field, mode_case: ModeCase) -> Break:
    schemes = mode_case.limit(field, "schemes", ("https",))
    urls = tuple(url for url in _NOT_ASCII if url.partition(":")[0] in schemes)
    return lambda value, source, partial: source.choose(urls)


_PRIVATE_HOSTS = (
    *("localhost", "a.localhost", "127.0.0.1", "127.1", "0x7f000001", "017700000001", "0", "10.1.2.3"),
    *("172.16.0.1", "192.168.255.255", "169.254.169.254", "100.64.0.0", "192.0.2.1", "224.0.0.1", "[::]"),
    *("[::1]", "[::ffff:127.0.0.1]", "[64:ff9b::127.0.0.1]", "[2002:7f00:1::]", "[fc00::1]", "[fe80::1]"),
    *("[fec0::1]", "[2001:db8::1]", "a.local", "a.internal", "a..b", "", "a" * 64, "1.2.3.4.5", "256.1.1.1"),
    *("e.com@127.0.0.1", "127%2e0%2e0%2e1", "e.com:0", "[::1", "e.com\\@127.0.0.1"),
)
_FORBIDDEN_CHARACTERS = (" ", "\t", "\n", "\r", "\0", "\x1f", "\x7f")


def _not_public(rule: Rule, field: Field, mode_case: ModeCase) -> Break:
    hosts = (*_PRIVATE_HOSTS, *(f"bucket{suffix}" for suffix in rule.limit))
    schemes = mode_case.limit(field, "schemes", ("http", "https", "oss"))

    def change(value: Any, source: ByteSource, partial: PartialRequest) -> str:
        host, blank = source.choose(hosts), source.choose(_FORBIDDEN_CHARACTERS)
        url = f"http://{host}/a.png"
        urls = (url, url, url.replace("http:", "HTTPS:"), f"https://e.com/{blank}", "oss://", "oss:///")
        return source.choose([url for url in urls if url.partition(":")[0].lower() in schemes])

    return change


_PAST = ("20010909T014640Z", "19700101T000000Z", "20200229T235959Z")


def _expired(rule: Rule, field: Field, mode_case: ModeCase) -> Break:
    """Use a signature that ended years ago by any clock."""

    def change(value: Any, source: ByteSource, partial: PartialRequest) -> str:
        *date, end = source.choose(rule.limit)
        begin = "".join(f"{name}={source.choose(_PAST)}&" for name in date)
        seconds = source.choose((0, 1, 3600) if date else (0, 1, 1_500_000_000))
        return f"https://e.com/a.png?{begin}{end}={seconds}&Signature=c2ln"

    return change


def _bad_encoding(rule: Rule, field: Field, mode_case: ModeCase) -> Break:
    limits = ImageLimits(field, mode_case)

    def change(value: Any, source: ByteSource, partial: PartialRequest) -> str:
        header, _, data = limits.picture(source, PartialRequest({})).partition(",")
        mime = header.partition(";")[0]
        uris = (
            *(
                f"{header},{data[:-1]}",
                f"{header},{data}A",
                f"{header},!{data[1:]}",
                f"{header},\n{data[1:]}",
            ),
            *(f"{header},A=AA{data}", f"{header},AA==AAAA", f"{header},====", f"{header},-_-_"),
            *(f"{header}{data}", f"{mime};base32,{data}", f"{mime}; base64,{data}", f"{mime},AAAA", mime),
            *("data:", "data:,", "data:;base64,AAAA", "data:image;base64,AAAA", "data://a/b;base64,AAAA"),
        )
        return source.choose(uris)

    return change


def _other_mime(rule: Rule, field: Field, mode_case: ModeCase) -> Break:
    """Declare a media type that is not in the table, or that of another format."""
    limits = ImageLimits(field, mode_case)
    names = dict.fromkeys((*rule.limit.values(), *MEDIA_TYPES.values(), "image/jpg", "text/plain", "x/y"))

    def change(value: Any, source: ByteSource, partial: PartialRequest) -> str:
        name = source.choose(limits.formats)
        declared = source.choose([mime for mime in names if mime != rule.limit[name]])
        return data_uri_of_known_size(partial, name, limits.shapes[0], declared)

    return change


def _other_format(rule: Rule, field: Field, mode_case: ModeCase) -> Break:
    """Declare a type of the table for another format, no data, no image, or a truncated image."""
    limits = ImageLimits(field, mode_case)
    others = [name for name in MEDIA_TYPES if name not in rule.limit]

    def change(value: Any, source: ByteSource, partial: PartialRequest) -> str:
        name, choice = source.choose(rule.limit), source.byte()
        if choice < 128 and others:
            return data_uri_of_known_size(
                partial, source.choose(others), limits.shapes[0], limits.mimes[name]
            )
        header, _, data = data_uri_of_known_size(
            PartialRequest({}), name, limits.shapes[0], limits.mimes[name]
        ).partition(",")
        start = data[: 8 if name == "gif" else 16]  # the sides of a GIF are in its first bytes
        return f"{header},{source.choose((start, '', 'AAAA', 'bm8gcGljdHVyZQ=='))}"

    return change


def _wrong_sides(rule: Rule, field: Field, mode_case: ModeCase) -> Break:
    """Use images beyond one limit on sides or ratio and within the others."""
    limits = ImageLimits(field, mode_case)
    name = "png" if "png" in limits.formats else limits.formats[0]  # the smallest when large
    sides = tuple(_sizes_beyond(rule.kind, limits))
    return lambda value, source, partial: data_uri_of_known_size(
        partial, name, source.choose(sides), limits.mimes[name]
    )


def _sizes_beyond(kind: str, limits: ImageLimits) -> Iterator[Sides]:
    min_side, max_side, min_ratio, max_ratio = (
        limits.min_side,
        limits.max_side,
        limits.min_ratio,
        limits.max_ratio,
    )
    if kind == "min_side":
        yield from ((min_side - 1, min_side), (min_side, min_side - 1), (min_side - 1, min_side - 1), (1, 1))
    elif kind == "max_side":
        yield max(min_side, -(-(max_side + 1) * min_ratio.width // min_ratio.height)), max_side + 1
        yield max_side + 1, max(min_side, -(-(max_side + 1) * max_ratio.height // max_ratio.width))
    elif kind == "min_ratio":
        longest = min_side * min_ratio.height // min_ratio.width + 1
        yield from ((min_side, longest), (min_side, min(max_side, 2 * longest)))
    else:
        longest = min_side * max_ratio.width // max_ratio.height + 1
        yield from ((longest, min_side), (min(max_side, 2 * longest), min_side))


def _too_many_bytes(rule: Rule, field: Field, mode_case: ModeCase) -> Break:
    limits = ImageLimits(field, mode_case)
    name, sides = limits.formats[0], limits.shapes[0]

    def change(value: Any, source: ByteSource, partial: PartialRequest) -> str:
        uri = _cached_padded_uri(name, sides, limits.mimes[name], rule.limit + 1)
        partial.sides[uri] = sides
        return uri

    return change


# About 28 MB of text: one is enough, since a strategy requests the same one repeatedly.
@lru_cache(maxsize=1)
def _cached_padded_uri(name: str, sides: Sides, mime: str, length: int) -> str:
    return data_uri_of_image(name, *sides, mime=mime, size_bytes=length)


def _other_pixels(rule: Rule, field: Field, mode_case: ModeCase) -> Break:
    limits = ImageLimits(field, mode_case)

    def change(value: Any, source: ByteSource, partial: PartialRequest) -> str:
        reference = partial.sides_of(rule.limit, 0)
        return limits.picture(
            source, partial, source.choose([sides for sides in limits.shapes if sides != reference])
        )

    return change


IMAGES: dict[str, Factory] = {
    "schemes": _unknown_scheme,
    "chars": _not_ascii,
    "public": _not_public,
    "unexpired": _expired,
    "encoding": _bad_encoding,
    "mime": _other_mime,
    "formats": _other_format,
    "min_side": _wrong_sides,
    "max_side": _wrong_sides,
    "min_ratio": _wrong_sides,
    "max_ratio": _wrong_sides,
    "max_bytes": _too_many_bytes,
    "same_pixels_as": _other_pixels,
}
