"""Image strings: URLs of every scheme, and now and then a small real picture as a data URI."""

from functools import lru_cache

from conformance.pictures import data_uri
from conformance.strategies.around import Around, Sides
from conformance.strategies.octets import Octets
from conformance.strategies.situations import Situation
from wanlib.base.ratio import Ratio
from wanlib.spec.model import Field

_HOSTS = ("example.com", "img.example.org:8443", "127.0.0.1", "bucket", "a-b.c-d.example", "[2001:db8::1]")
_PATHS = ("a.png", "street/夜景.jpg", "x%20y/z.webp", "clock", "v1/a.b.c/photo.jpeg", "图/猫.bmp", "")
_TAILS = ("", "?sign=a%2Bb%3D&expires=1700000000", "#top", "?u=https://example.net/b.png")


def image(field: Field, situation: Situation, octets: Octets, around: Around) -> str:
    """A valid image string, of seven bytes; its sides become known to `around` where it is a picture."""
    schemes = situation.limit(field, "schemes")
    addresses = [scheme for scheme in schemes if scheme != "data"]
    target = situation.limit(field, "same_pixels_as")
    sides = around.sides_of(target, 0) if target else None
    drawn = octets.byte() >= 224 or situation.pictured or not addresses
    if drawn and "data" in schemes:
        return picture(field, situation, octets, around, sides)
    return _address(octets, addresses, ascii_only=situation.limit(field, "chars") == "ascii")


def picture(
    field: Field, situation: Situation, octets: Octets, around: Around, sides: Sides | None = None
) -> str:
    """A data URI that keeps every rule, of these sides where they matter."""
    name = octets.pick(situation.limit(field, "formats"))
    sides = sides or octets.pick(shapes(field, situation))
    mime = situation.limit(field, "mime", {}).get(name)
    return known(around, name, sides, mime, upper=octets.byte() >= 224)


def known(around: Around, name: str, sides: Sides, mime: str | None, upper: bool = False) -> str:
    """A picture as a data URI whose sides `around` remembers."""
    text = _drawn(name, sides, mime, upper)
    around.sides[text] = sides
    return text


def shapes(field: Field, situation: Situation) -> tuple[Sides, ...]:
    """A few sides near the least, all of which keep the limits on them."""
    least, most = situation.limit(field, "min_side", 16), situation.limit(field, "max_side", 10_000)
    low = situation.limit(field, "min_ratio", Ratio(1, most))
    high = situation.limit(field, "max_ratio", Ratio(most, 1))
    wanted = ((least, least), (least + least // 3, least), (least, least + 1))
    return tuple(
        (width, height)
        for width, height in wanted
        if max(width, height) <= most
        and width * low.height >= height * low.width
        and width * high.height <= height * high.width
    )


def _address(octets: Octets, schemes: list[str], ascii_only: bool) -> str:
    scheme = octets.pick(schemes)
    host, path, tail = octets.pick(_HOSTS), octets.pick(_PATHS), octets.pick(_TAILS)
    number = octets.number(2)
    text = f"{scheme.upper() if number % 16 == 15 else scheme}://{host}/{number}/{path}{tail}"
    return text.encode("ascii", "ignore").decode("ascii") if ascii_only else text


# Pictures are drawn once: a draw takes milliseconds, a request less than one.
@lru_cache(maxsize=128)
def _drawn(name: str, sides: Sides, mime: str | None, upper: bool) -> str:
    text = data_uri(name, *sides, mime=mime)
    if not upper:
        return text
    head, _, data = text.partition(",")
    return f"{head.upper()},{data}"
