"""Image strings: URLs of every scheme, and sometimes a small real image as a data URI."""

from functools import lru_cache

from wan_conformance.strategies.byte_source import ByteSource
from wan_conformance.strategies.partial_request import PartialRequest, Sides
from wanlib.base.values import Ratio
from wanlib.boundary.images import MEDIA_TYPES, data_uri_of_image
from wanlib.boundary.mode_cases import ModeCase
from wanlib.spec.model.model import Field

_HOSTS = ("example.com", "img.example.org:8443", "8.8.8.8", "bucket", "a-b.c-d.example", "[2606:4700::1111]")
_PATHS = ("a.png", "street/夜景.jpg", "x%20y/z.webp", "clock", "v1/a.b.c/photo.jpeg", "图/猫.bmp", "")
_TAILS = ("", "?sign=a%2Bb%3D&expires=1700000000", "#top", "?u=https://example.net/b.png")
_LONGEST, _ADDRESS_BELOW = 100_000, 224


class ImageGenerator:
    """Generate the images of one field in one mode case.

    Attributes:
        size: The bytes that an image reads at most.
    """

    size = 5

    def __init__(self, field: Field, mode_case: ModeCase) -> None:
        self.limits = ImageLimits(field, mode_case)
        schemes = mode_case.limit(field, "schemes", ("https", "data"))
        self.addresses = [scheme for scheme in schemes if scheme != "data"]
        self.ascii_only = mode_case.limit(field, "chars") == "ascii"
        self.like = mode_case.limit(field, "same_pixels_as")
        self.address_below = (
            256 if "data" not in schemes else 0 if mode_case.has_real_images else _ADDRESS_BELOW
        )

    def make(self, source: ByteSource, partial: PartialRequest) -> str:
        """Return a valid image string; `partial` records the sides of a real image."""
        sides = partial.sides_of(self.like, 0) if self.like else None
        if source.byte() < self.address_below or (sides and not self.limits.satisfies(sides)):
            return self._address(source)
        return self.limits.picture(source, partial, sides)

    def _address(self, source: ByteSource) -> str:
        scheme, host, path, tail = source.choose_each(2, self.addresses, _HOSTS, _PATHS, _TAILS)
        number = source.number(2)
        url = f"{scheme.upper() if number % 16 == 15 else scheme}://{host}/{number}/{path}{tail}"
        return url.encode("ascii", "ignore").decode("ascii") if self.ascii_only else url


class ImageLimits:
    """The limits on a real image of one field in one mode case; sides are width and height in pixels."""

    def __init__(self, field: Field, mode_case: ModeCase) -> None:
        self.formats: tuple[str, ...] = mode_case.limit(field, "formats", tuple(MEDIA_TYPES))
        self.mimes: dict[str, str] = mode_case.limit(field, "mime", MEDIA_TYPES)
        self.min_side: int = mode_case.limit(field, "min_side", 1)
        self.max_side: int = mode_case.limit(field, "max_side", _LONGEST)
        self.min_ratio: Ratio = mode_case.limit(field, "min_ratio", Ratio(1, _LONGEST))
        self.max_ratio: Ratio = mode_case.limit(field, "max_ratio", Ratio(_LONGEST, 1))
        side = self.min_side
        candidates = ((side, side), (side + side // 3, side), (side, side + 1))
        self.shapes = tuple(sides for sides in candidates if self.satisfies(sides))

    def satisfies(self, sides: Sides) -> bool:
        """Return whether an image may have these sides."""
        (width, height), low, high = sides, self.min_ratio, self.max_ratio
        return (
            self.min_side <= min(sides)
            and max(sides) <= self.max_side
            and width * low.height >= height * low.width
            and width * high.height <= height * high.width
        )

    def picture(self, source: ByteSource, partial: PartialRequest, sides: Sides | None = None) -> str:
        """Return a data URI that violates no rule, with these sides; None leaves them open."""
        name = source.choose(self.formats)
        sides = sides or source.choose(self.shapes)
        return data_uri_of_known_size(
            partial, name, sides, self.mimes[name], upper=source.byte() >= _ADDRESS_BELOW
        )


def data_uri_of_known_size(
    partial: PartialRequest, name: str, sides: Sides, mime: str, upper: bool = False
) -> str:
    """Return an image as a data URI whose sides `partial` records.

    Args:
        partial: The request that records them.
        name: The image format.
        sides: Width and height in pixels.
        mime: The declared media type.
        upper: Whether the part before the data is in upper case.
    """
    uri = _cached_data_uri(name, sides, mime, upper)
    partial.sides[uri] = sides
    return uri


# Cached: making an image takes milliseconds, a request less than one.
@lru_cache(maxsize=128)
def _cached_data_uri(name: str, sides: Sides, mime: str, upper: bool) -> str:
    header, _, data = data_uri_of_image(name, *sides, mime=mime).partition(",")
    return f"{header.upper() if upper else header},{data}"
