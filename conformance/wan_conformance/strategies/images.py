"""Image strings: URLs of every scheme, and now and then a small real picture as a data URI."""

from functools import lru_cache

from wan_conformance.strategies.byte_source import ByteSource
from wan_conformance.strategies.partial_request import PartialRequest, Sides
from wanlib.base.values import Ratio
from wanlib.boundary.images import MIMES, data_uri
from wanlib.boundary.mode_cases import ModeCase
from wanlib.spec.model.model import Field

_HOSTS = ("example.com", "img.example.org:8443", "8.8.8.8", "bucket", "a-b.c-d.example", "[2606:4700::1111]")
_PATHS = ("a.png", "street/夜景.jpg", "x%20y/z.webp", "clock", "v1/a.b.c/photo.jpeg", "图/猫.bmp", "")
_TAILS = ("", "?sign=a%2Bb%3D&expires=1700000000", "#top", "?u=https://example.net/b.png")
_LONGEST, _LEAST_SHARE = 100_000, 224


class Images:
    """The images of one field in one situation. size: the bytes that one of them reads at most."""

    size = 5

    def __init__(self, field: Field, situation: ModeCase) -> None:
        self.limits = Limits(field, situation)
        schemes = situation.limit(field, "schemes", ("https", "data"))
        self.addresses = [scheme for scheme in schemes if scheme != "data"]
        self.ascii_only = situation.limit(field, "chars") == "ascii"
        self.like = situation.limit(field, "same_pixels_as")
        self.least = 256 if "data" not in schemes else 0 if situation.pictured else _LEAST_SHARE

    def make(self, octets: ByteSource, around: PartialRequest) -> str:
        """A valid string; its sides become known to `around` where it is a picture."""
        sides = around.sides_of(self.like, 0) if self.like else None
        if octets.byte() < self.least or (sides and not self.limits.satisfies(sides)):
            return self._address(octets)
        return self.limits.picture(octets, around, sides)

    def _address(self, octets: ByteSource) -> str:
        scheme, host, path, tail = octets.choose_each(2, self.addresses, _HOSTS, _PATHS, _TAILS)
        number = octets.number(2)
        text = f"{scheme.upper() if number % 16 == 15 else scheme}://{host}/{number}/{path}{tail}"
        return text.encode("ascii", "ignore").decode("ascii") if self.ascii_only else text


class Limits:
    """What a picture of one field has to keep in one situation; sides are width and height in pixels."""

    def __init__(self, field: Field, situation: ModeCase) -> None:
        self.formats: tuple[str, ...] = situation.limit(field, "formats", tuple(MIMES))
        self.mimes: dict[str, str] = situation.limit(field, "mime", MIMES)
        self.min_side: int = situation.limit(field, "min_side", 1)
        self.max_side: int = situation.limit(field, "max_side", _LONGEST)
        self.min_ratio: Ratio = situation.limit(field, "min_ratio", Ratio(1, _LONGEST))
        self.max_ratio: Ratio = situation.limit(field, "max_ratio", Ratio(_LONGEST, 1))
        least = self.min_side
        near = ((least, least), (least + least // 3, least), (least, least + 1))
        self.shapes = tuple(sides for sides in near if self.satisfies(sides))

    def satisfies(self, sides: Sides) -> bool:
        """Whether a picture may have these sides."""
        (width, height), low, high = sides, self.min_ratio, self.max_ratio
        return (
            self.min_side <= min(sides)
            and max(sides) <= self.max_side
            and width * low.height >= height * low.width
            and width * high.height <= height * high.width
        )

    def picture(self, octets: ByteSource, around: PartialRequest, sides: Sides | None = None) -> str:
        """A data URI that keeps every rule, of these sides where they matter."""
        name = octets.choose(self.formats)
        sides = sides or octets.choose(self.shapes)
        return data_uri_of_known_size(
            around, name, sides, self.mimes[name], upper=octets.byte() >= _LEAST_SHARE
        )


def data_uri_of_known_size(
    around: PartialRequest, name: str, sides: Sides, mime: str, upper: bool = False
) -> str:
    """A picture as a data URI whose sides `around` remembers."""
    text = _drawn(name, sides, mime, upper)
    around.sides[text] = sides
    return text


# Pictures are drawn once: a draw takes milliseconds, a request less than one.
@lru_cache(maxsize=128)
def _drawn(name: str, sides: Sides, mime: str, upper: bool) -> str:
    head, _, data = data_uri(name, *sides, mime=mime).partition(",")
    return f"{head.upper() if upper else head},{data}"
