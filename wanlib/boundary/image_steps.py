"""Steps of the kinds that judge an image: strings as they are sent, and files by a real encoder."""

from collections.abc import Iterator
from typing import Any

from wanlib.base.values import Ratio
from wanlib.boundary.body import URL, BodyBuilder
from wanlib.boundary.images import MIMES, data_uri
from wanlib.boundary.value_steps import BoundaryValue, Steps
from wanlib.spec import Field, Rule

_ALPHA = ("png", "webp")


class SideLimits:
    """The limits on an image's sides in one situation."""

    def __init__(self, body: BodyBuilder, field: Field) -> None:
        limit = body.situation.limit
        self.formats: tuple[str, ...] = limit(field, "formats", ("png",))
        self.low: int = limit(field, "min_side", 1)
        self.high: int = limit(field, "max_side", 16000)
        self.narrow: Ratio = limit(field, "min_ratio", Ratio(1, 1000))
        self.wide: Ratio = limit(field, "max_ratio", Ratio(1000, 1))

    def beside(self, side: int) -> int:
        """The shortest other side of an image that is `side` pixels long."""
        return max(self.low, -(-side * self.wide.height // self.wide.width))

    def small(self, format: str = "", **options: Any) -> str:
        """The least image that keeps every rule."""
        return data_uri(format or self.formats[0], self.low, self.low, **options)


def schemes(body: BodyBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    for scheme in rule.limit:
        image = SideLimits(body, field).small() if scheme == "data" else f"{scheme}://example.com/1.png"
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


def chars(body: BodyBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    yield BoundaryValue("ascii", URL.format("%E5%9B%BE"), True)
    yield BoundaryValue("data", SideLimits(body, field).small(), True)
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


def public(body: BodyBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    yield BoundaryValue("data", SideLimits(body, field).small(), True)
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


_PAST, _FUTURE = 1_000_000_000, 32_503_680_000  # 2001 and 3000: whatever the clock says
_DATES = {_PAST: "20010909T014640Z", _FUTURE: "30000101T000000Z"}


def unexpired(body: BodyBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    yield BoundaryValue("unsigned", URL.format(1), True)
    yield BoundaryValue("no-time", URL.format(1) + f"?{rule.limit[0][-1]}=soon", True)
    for form in rule.limit:
        *date, end = form
        for time, keeps in ((_FUTURE, True), (_PAST, False)):
            begin = "".join(f"{name}={_DATES[time]}&" for name in date)
            query = f"{begin}{end}={60 if date else time}&signature=c2lnbmVk"
            yield BoundaryValue(f"{end}-{'future' if keeps else 'past'}", f"{URL.format(1)}?{query}", keeps)


def encoding(body: BodyBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    good = SideLimits(body, field).small()
    head, _, data = good.partition(",")
    yield BoundaryValue("whole", good, True)
    for label, text in (
        ("no-base64", good.replace(";base64", "", 1)),
        ("no-mime", f"data:;base64,{data}"),
        ("charset", f"{head.replace(';base64', ';charset=utf-8;base64')},{data}"),
        ("no-comma", "data:image/png;base64"),
        ("url-alphabet", f"{head},-_{data[2:]}"),
        ("newline", f"{head},{data[:76]}\n{data[76:]}"),
        ("one-short", good[:-1]),
        ("one-long", good + "="),
        ("padding-inside", f"{head},{data[:2]}=={data[4:]}"),
    ):
        yield BoundaryValue(label, text, False)


def mime(body: BodyBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    frame = SideLimits(body, field)
    for format, name in rule.limit.items():
        yield BoundaryValue(format, frame.small(format), True)
        yield BoundaryValue(f"{format}-upper-case", frame.small(format, mime=name.upper()), True)
    names = list(rule.limit.values())
    for format, wrong in zip(rule.limit, names[1:] + names[:1], strict=True):
        yield BoundaryValue(f"{format}-as-{wrong.partition('/')[2]}", frame.small(format, mime=wrong), False)
    for wrong in ("image/gif", "image/jpg", "application/octet-stream"):
        yield BoundaryValue(f"as-{wrong.partition('/')[2]}", frame.small(mime=wrong), False)


def formats(body: BodyBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    frame = SideLimits(body, field)
    for format in rule.limit:
        yield BoundaryValue(format, frame.small(format), True)
        if format in _ALPHA:
            yield BoundaryValue(f"{format}-alpha", frame.small(format, alpha=True), True)
    for format in sorted(set(MIMES) - set(rule.limit)):
        yield BoundaryValue(format, frame.small(format, mime=MIMES[rule.limit[0]]), False)
    head, _, data = frame.small("png").partition(",")
    yield BoundaryValue("cut-short", f"{head},{data[:24]}", False)
    yield BoundaryValue("text", f"{head},bm90IGEgcGljdHVyZSBhdCBhbGw=", False)
    yield BoundaryValue("nothing", f"{head},", False)


def min_side(body: BodyBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    for format in SideLimits(body, field).formats:
        for alpha in (False, True) if format in _ALPHA else (False,):
            mark = "-alpha" if alpha else ""
            for side, keeps in ((rule.limit, True), (rule.limit - 1, False)):
                yield BoundaryValue(
                    f"{format}{mark}-wide-{side}",
                    data_uri(format, rule.limit, side, alpha=alpha),
                    keeps,
                    side,
                )
                yield BoundaryValue(
                    f"{format}{mark}-high-{side}",
                    data_uri(format, side, rule.limit, alpha=alpha),
                    keeps,
                    side,
                )


def max_side(body: BodyBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    frame = SideLimits(body, field)
    for format in frame.formats:
        for side, keeps in ((rule.limit, True), (rule.limit + 1, False)):
            other = frame.beside(side)
            yield BoundaryValue(f"{format}-wide-{side}", data_uri(format, side, other), keeps, side)
            yield BoundaryValue(f"{format}-high-{side}", data_uri(format, other, side), keeps, side)


def min_ratio(body: BodyBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    for format, width, height in _of_ratio(body, field, rule.limit):
        yield BoundaryValue(f"{format}-{width}*{height}", data_uri(format, width, height), True)
        yield BoundaryValue(f"{format}-{width}*{height + 1}", data_uri(format, width, height + 1), False)


def max_ratio(body: BodyBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    for format, width, height in _of_ratio(body, field, rule.limit):
        yield BoundaryValue(f"{format}-{width}*{height}", data_uri(format, width, height), True)
        yield BoundaryValue(f"{format}-{width + 1}*{height}", data_uri(format, width + 1, height), False)


def _of_ratio(body: BodyBuilder, field: Field, ratio: Ratio) -> Iterator[tuple[str, int, int]]:
    frame = SideLimits(body, field)
    times = -(-frame.low // min(ratio))
    for format in frame.formats:
        yield format, ratio.width * times, ratio.height * times


def max_bytes(body: BodyBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    frame = SideLimits(body, field)
    for format in frame.formats:
        for size, keeps in ((rule.limit, True), (rule.limit + 1, False)):
            yield BoundaryValue(f"{format}-{size}", frame.small(format, size_bytes=size), keeps, size)


def same_pixels_as(body: BodyBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    frame = SideLimits(body, field)
    low = frame.low
    also = {rule.limit: [frame.small()]}
    yield BoundaryValue("same", data_uri("png", low, low), True, also=also)
    yield BoundaryValue("wider", data_uri("png", low + 1, low), False, also=also)
    yield BoundaryValue("higher", data_uri("png", low, low + 1), False, also=also)
    yield BoundaryValue("url", URL.format(2), True, also=also)


def inside(body: BodyBuilder, field: Field, rule: Rule) -> Iterator[BoundaryValue]:
    images = body.family.field(rule.limit)
    assert images.each is not None
    frame = SideLimits(body, images.each)
    side = frame.low
    also = {rule.limit: [frame.small(), *body.values[rule.limit][1:]]}
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
