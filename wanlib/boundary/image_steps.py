"""Values next to a limit, for each kind of rule on an image: URLs, data URIs and encoded files.

`IMAGE_STEPS` has the function of each kind.
"""

from collections.abc import Iterator
from typing import Any

from wanlib.base.values import Ratio
from wanlib.boundary.body import URL, RequestBuilder
from wanlib.boundary.images import MEDIA_TYPES, data_uri_of_image
from wanlib.boundary.value_steps import BoundaryValue, Steps
from wanlib.spec import Field, Rule

_ALPHA = ("png", "webp")


class SideLimits:
    """The limits on the formats and sides of an image in one mode case.

    Attributes:
        formats: The allowed formats.
        low: The minimum side in pixels.
        high: The maximum side in pixels.
        narrow: The minimum ratio of width to height.
        wide: The maximum ratio of width to height.
    """

    def __init__(self, body: RequestBuilder, field: Field) -> None:
        """Read the limits of a field."""
        limit = body.mode_case.limit
        self.formats: tuple[str, ...] = limit(field, "formats", ("png",))
        self.low: int = limit(field, "min_side", 1)
        self.high: int = limit(field, "max_side", 16000)
        self.narrow: Ratio = limit(field, "min_ratio", Ratio(1, 1000))
        self.wide: Ratio = limit(field, "max_ratio", Ratio(1000, 1))

    def shortest_other_side(self, side: int) -> int:
        """Return the shortest other side of an image with a side of `side` pixels."""
        return max(self.low, -(-side * self.wide.height // self.wide.width))

    def smallest_image(self, image_format: str = "", **options: Any) -> str:
        """Return the smallest valid image as a data URI; the options are those of `data_uri_of_image`."""
        return data_uri_of_image(image_format or self.formats[0], self.low, self.low, **options)


def schemes(body: RequestBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    """Yield URLs of allowed and of other schemes."""
    for scheme in rule.limit:
        image = (
            SideLimits(body, field).smallest_image() if scheme == "data" else f"{scheme}://example.com/1.png"
        )
        yield BoundaryValue(scheme, image, True)
        yield BoundaryValue(f"{scheme}-upper-case", image.replace(scheme, scheme.upper(), 1), True)
    for label, text in (
        ("ftp", "ftp://example.com/1.png"),
        ("file", "file:///tmp/1.png"),
        ("path", "images/1.png"),
        ("host", "example.com/1.png"),
        ("no-slashes", "https:example.com/1.png"),
        ("space-before", " " + URL.format(1)),
        ("empty", ""),
    ):
        yield BoundaryValue(label, text, False)


def chars(body: RequestBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    """Yield URLs with and without characters beyond ASCII."""
    yield BoundaryValue("ascii", URL.format("%E5%9B%BE"), True)
    yield BoundaryValue("data", SideLimits(body, field).smallest_image(), True)
    yield BoundaryValue("han", URL.format("图"), False)
    yield BoundaryValue("accent", URL.format("é"), False)


_PRIVATE_HOSTS = (
    ("localhost", "localhost"),
    ("below-localhost", "app.localhost"),
    ("local", "camera.local"),
    ("internal", "files.internal"),
    ("loopback", "127.0.0.1"),
    ("decimal", "2130706433"),
    ("octal", "0177.0.0.1"),
    ("hex", "0x7f.1"),
    ("escaped", "%31%32%37.0.0.1"),
    ("unspecified", "0.0.0.0"),
    ("private-10", "10.0.0.1"),
    ("private-172", "172.31.255.255"),
    ("private-192", "192.168.0.1"),
    ("link-local", "169.254.169.254"),
    ("shared", "100.100.100.200"),
    ("ipv6-loopback", "[::1]"),
    ("ipv6-compatible", "[::127.0.0.1]"),
    ("ipv6-mapped", "[::ffff:10.0.0.1]"),
    ("ipv6-nat64", "[64:ff9b::a00:1]"),
    ("ipv6-6to4", "[2002:a00:1::]"),
    ("ipv6-unique-local", "[fd00::1]"),
    ("ipv6-link-local", "[fe80::1]"),
    ("user-before", "example.com@127.0.0.1"),
    ("empty-label", "example..com"),
    ("long-label", "a" * 64 + ".com"),
    ("no-host", ""),
)
_PUBLIC_HOSTS = (
    ("name", "example.com"),
    ("no-dot", "xxxx"),
    ("trailing-dot", "example.com."),
    ("longest-label", "a" * 63 + ".com"),
    ("port", "example.com:8443"),
    ("ipv4", "8.8.8.8"),
    ("before-private-172", "172.15.255.255"),
    ("after-private-172", "172.32.0.0"),
    ("ipv6", "[2606:4700::1111]"),
    ("localhost-within", "localhost.example.com"),
)


def public(body: RequestBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    """Yield URLs of public and of private hosts."""
    values = _public_values(body, field, rule)
    schemes = [rule.limit for rule in field.rules_of_kind("schemes")]
    for value in values:
        if all(value.value.partition(":")[0] in limit for limit in schemes):
            yield value


def _public_values(body: RequestBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    yield BoundaryValue("data", SideLimits(body, field).smallest_image(), True)
    yield BoundaryValue("oss-key", "oss://example/1.png", True)
    for label, host in _PUBLIC_HOSTS:
        yield BoundaryValue(label, f"https://{host}/1.png", True)
    for label, host in _PRIVATE_HOSTS:
        yield BoundaryValue(label, f"http://{host}/1.png", False)
    for suffix in rule.limit:
        yield BoundaryValue(f"within{suffix}", f"https://bucket{suffix}.example.com/1.png", True)
        yield BoundaryValue(f"ends{suffix}", f"https://bucket{suffix}/1.png", False)
    for label, text in (
        ("blank", URL.format("a b")),
        ("blank-after", URL.format(1) + " "),
        ("newline", URL.format(1) + "\n"),
        ("tab", URL.format("\t")),
        ("delete", URL.format("\x7f")),
        ("oss-no-key", "oss://"),
        ("oss-blank", "oss://example/1 2.png"),
    ):
        yield BoundaryValue(label, text, False)


_PAST, _FUTURE = 1_000_000_000, 32_503_680_000  # 2001 and 3000, independent of the clock
_DATES = {_PAST: "20010909T014640Z", _FUTURE: "30000101T000000Z"}


def unexpired(body: RequestBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    """Yield signed URLs that are valid and expired."""
    yield BoundaryValue("unsigned", URL.format(1), True)
    yield BoundaryValue("no-time", URL.format(1) + f"?{rule.limit[0][-1]}=soon", True)
    for form in rule.limit:
        *date, end = form
        for time, keeps in ((_FUTURE, True), (_PAST, False)):
            date_parameters = "".join(f"{name}={_DATES[time]}&" for name in date)
            query = f"{date_parameters}{end}={60 if date else time}&signature=c2lnbmVk"
            yield BoundaryValue(f"{end}-{'future' if keeps else 'past'}", f"{URL.format(1)}?{query}", keeps)


def encoding(body: RequestBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    """Yield a valid data URI and malformed ones."""
    valid = SideLimits(body, field).smallest_image()
    header, _, data = valid.partition(",")
    yield BoundaryValue("whole", valid, True)
    for label, text in (
        ("no-base64", valid.replace(";base64", "", 1)),
        ("no-mime", f"data:;base64,{data}"),
        ("charset", f"{header.replace(';base64', ';charset=utf-8;base64')},{data}"),
        ("no-comma", "data:image/png;base64"),
        ("url-alphabet", f"{header},-_{data[2:]}"),
        ("newline", f"{header},{data[:76]}\n{data[76:]}"),
        ("one-short", valid[:-1]),
        ("one-long", valid + "="),
        ("padding-inside", f"{header},{data[:2]}=={data[4:]}"),
    ):
        yield BoundaryValue(label, text, False)


def mime(body: RequestBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    """Yield data URIs that declare the right and a wrong media type."""
    limits = SideLimits(body, field)
    for image_format, name in rule.limit.items():
        yield BoundaryValue(image_format, limits.smallest_image(image_format), True)
        yield BoundaryValue(
            f"{image_format}-upper-case", limits.smallest_image(image_format, mime=name.upper()), True
        )
    names = list(rule.limit.values())
    others = zip(rule.limit, names[1:] + names[:1], strict=True) if len(names) > 1 else ()
    for image_format, wrong_type in others:
        yield BoundaryValue(
            f"{image_format}-as-{wrong_type.partition('/')[2]}",
            limits.smallest_image(image_format, mime=wrong_type),
            False,
        )
    for wrong_type in ("image/gif", "image/jpg", "application/octet-stream"):
        if wrong_type not in names:
            name = wrong_type.partition("/")[2]
            yield BoundaryValue(f"as-{name}", limits.smallest_image(mime=wrong_type), False)


def formats(body: RequestBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    """Yield files of allowed and of other formats, and broken files."""
    limits = SideLimits(body, field)
    for image_format in rule.limit:
        yield BoundaryValue(image_format, limits.smallest_image(image_format), True)
        if image_format in _ALPHA:
            yield BoundaryValue(
                f"{image_format}-alpha", limits.smallest_image(image_format, alpha=True), True
            )
    for image_format in sorted(set(MEDIA_TYPES) - set(rule.limit)):
        yield BoundaryValue(
            image_format, limits.smallest_image(image_format, mime=MEDIA_TYPES[rule.limit[0]]), False
        )
    image_format = "png" if "png" in rule.limit else rule.limit[0]
    header, _, data = limits.smallest_image(image_format).partition(",")
    yield BoundaryValue("cut-short", f"{header},{data[: 8 if image_format == 'gif' else 24]}", False)
    yield BoundaryValue("text", f"{header},bm90IGEgcGljdHVyZSBhdCBhbGw=", False)
    yield BoundaryValue("nothing", f"{header},", False)


def min_side(body: RequestBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    """Yield images with sides at and under the minimum."""
    for image_format in SideLimits(body, field).formats:
        for alpha in (False, True) if image_format in _ALPHA else (False,):
            suffix = "-alpha" if alpha else ""
            for side, keeps in ((rule.limit, True), (rule.limit - 1, False)):
                yield BoundaryValue(
                    f"{image_format}{suffix}-wide-{side}",
                    data_uri_of_image(image_format, rule.limit, side, alpha=alpha),
                    keeps,
                    side,
                )
                yield BoundaryValue(
                    f"{image_format}{suffix}-high-{side}",
                    data_uri_of_image(image_format, side, rule.limit, alpha=alpha),
                    keeps,
                    side,
                )


def max_side(body: RequestBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    """Yield images with sides at and over the maximum."""
    limits = SideLimits(body, field)
    for image_format in limits.formats:
        for side, keeps in ((rule.limit, True), (rule.limit + 1, False)):
            other = limits.shortest_other_side(side)
            yield BoundaryValue(
                f"{image_format}-wide-{side}", data_uri_of_image(image_format, side, other), keeps, side
            )
            yield BoundaryValue(
                f"{image_format}-high-{side}", data_uri_of_image(image_format, other, side), keeps, side
            )


def min_ratio(body: RequestBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    """Yield images of exactly the minimum ratio, and a pixel higher."""
    for image_format, width, height in _sizes_of_ratio(body, field, rule.limit):
        yield BoundaryValue(
            f"{image_format}-{width}*{height}", data_uri_of_image(image_format, width, height), True
        )
        yield BoundaryValue(
            f"{image_format}-{width}*{height + 1}", data_uri_of_image(image_format, width, height + 1), False
        )


def max_ratio(body: RequestBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    """Yield images of exactly the maximum ratio, and a pixel wider."""
    for image_format, width, height in _sizes_of_ratio(body, field, rule.limit):
        yield BoundaryValue(
            f"{image_format}-{width}*{height}", data_uri_of_image(image_format, width, height), True
        )
        yield BoundaryValue(
            f"{image_format}-{width + 1}*{height}", data_uri_of_image(image_format, width + 1, height), False
        )


def _sizes_of_ratio(body: RequestBuilder, field: Field, ratio: Ratio) -> Iterator[tuple[str, int, int]]:
    limits = SideLimits(body, field)
    factor = -(-limits.low // min(ratio))
    for image_format in limits.formats:
        yield image_format, ratio.width * factor, ratio.height * factor


def max_bytes(body: RequestBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    """Yield files at and over the maximum length."""
    limits = SideLimits(body, field)
    for image_format in limits.formats:
        for size, keeps in ((rule.limit, True), (rule.limit + 1, False)):
            yield BoundaryValue(
                f"{image_format}-{size}", limits.smallest_image(image_format, size_bytes=size), keeps, size
            )


def same_pixels_as(body: RequestBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    """Yield images of the same and of another size as the first image."""
    images = next(member for member in body.family.fields if member.name == rule.limit)
    limits = SideLimits(body, field)
    low = max(limits.low, SideLimits(body, images.each or images).low)
    also = {rule.limit: [data_uri_of_image("png", low, low)]}
    yield BoundaryValue("same", data_uri_of_image("png", low, low), True, also=also)
    yield BoundaryValue("wider", data_uri_of_image("png", low + 1, low), False, also=also)
    yield BoundaryValue("higher", data_uri_of_image("png", low, low + 1), False, also=also)
    yield BoundaryValue("url", URL.format(2), True, also=also)


def inside(body: RequestBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    """Yield boxes inside and outside of the image."""
    images = body.family.field(rule.limit)
    assert images.each is not None
    limits = SideLimits(body, images.each)
    side = limits.low
    also = {rule.limit: [limits.smallest_image(), *body.values[rule.limit][1:]]}
    yield BoundaryValue("whole", [0, 0, side, side], True, also=also)
    yield BoundaryValue("right", [0, 0, side + 1, side], False, also=also)
    yield BoundaryValue("below", [0, 0, side, side + 1], False, also=also)


IMAGE_STEPS: dict[str, Steps] = {
    "schemes": schemes,
    "chars": chars,
    "public": public,
    "unexpired": unexpired,
    "encoding": encoding,
    "mime": mime,
    "formats": formats,
    "min_side": min_side,
    "max_side": max_side,
    "max_bytes": max_bytes,
    "same_pixels_as": same_pixels_as,
    "inside": inside,
}
IMAGE_RATIOS: dict[str, Steps] = {"min_ratio": min_ratio, "max_ratio": max_ratio}
