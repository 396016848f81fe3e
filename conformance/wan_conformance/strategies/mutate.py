"""Real bodies after an accident: for readings that must answer, and agree, whatever they are given."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any, NamedTuple

from hypothesis import strategies as st

from wan_conformance.strategies.byte_source import ByteSource, strategy_from_bytes
from wan_conformance.strategies.images import data_uri_of_known_size
from wan_conformance.strategies.invalid_values import WILD, choose
from wan_conformance.strategies.partial_request import PartialRequest
from wan_conformance.strategies.requests import Plan
from wanlib.boundary.images import MIMES
from wanlib.boundary.mode_cases import mode_cases
from wanlib.spec.model.model import Spec

_MOST = 4  # at most, in one body
_FIRST, _EACH = 4, 10  # bytes before them, and for each
_WORDS = ("model", "input", "parameters", "messages", "content", "image", "text", "", "a/b~c", "\ud800")
_SIDES = ((1, 1), (239, 240), (300, 3000), (600, 600), (5001, 700))
_IMAGE_STARTS = ("http", "oss:", "data:", "HTTP", "OSS:", "DATA:")
_PLACES = 400  # enough to reach every place of a body that is not made of junk


class _Place(NamedTuple):
    """Where a value stands: an object and a name in it, or a list and an index."""

    holder: Any
    key: Any

    @property
    def value(self) -> Any:
        return self.holder[self.key]

    def put(self, value: Any) -> None:
        """Replaces the value."""
        self.holder[self.key] = value

    def insert(self, value: Any, name: str) -> None:
        """Puts another value beside it; `name` is for an object."""
        if isinstance(self.holder, list):
            self.holder.insert(self.key, value)
        else:
            self.holder[name] = value


def mutated_bodies(spec: Spec) -> st.SearchStrategy[Any]:
    """Bodies of every model with values removed, replaced, nudged, doubled, moved or added; now and then
    no body at all. Any JSON may stand anywhere, NaN and infinities aside."""
    plans = [Plan(spec, each) for model in spec.models for each in mode_cases(spec, model)]
    names = tuple({field.name: None for family in spec.families for field in family.walk()})
    words = (*names, *_WORDS)
    start = max(plan.length for plan in plans)

    def make(octets: ByteSource) -> Any:
        body, _ = octets.choose(plans).build(octets)
        octets.at = start
        if octets.byte() >= 250:
            return choose(WILD, octets)
        if octets.byte() >= 224:
            body["model"] = octets.choose((*spec.models, *(f"{each}-c1" for each in spec.models)))
        for number in range(1 + octets.skewed_int(_MOST)):
            octets.at = start + _FIRST + number * _EACH
            _apply_mutation(body, octets, words)
        return body

    return strategy_from_bytes(start + _FIRST + _MOST * _EACH, make)


def _apply_mutation(body: dict[str, Any], octets: ByteSource, words: tuple[str, ...]) -> None:
    accident = octets.choose(_ACCIDENTS)
    places = [place for place, _ in zip(_places(body), range(_PLACES), strict=False)]
    if places:
        accident(places[octets.number(2) % len(places)], places, octets, octets.choose(words))


def _places(holder: Any) -> Iterator[_Place]:
    pairs = holder.items() if isinstance(holder, dict) else enumerate(holder)
    for key, value in list(pairs):
        yield _Place(holder, key)
        if isinstance(value, dict | list):
            yield from _places(value)


def _remove(place: _Place, places: list[_Place], octets: ByteSource, name: str) -> None:
    del place.holder[place.key]


def _replace(place: _Place, places: list[_Place], octets: ByteSource, name: str) -> None:
    place.put(choose(WILD, octets))


def _perturb(place: _Place, places: list[_Place], octets: ByteSource, name: str) -> None:
    """A small change that keeps the type, or nearly does."""
    value, byte = place.value, octets.byte()
    if isinstance(value, bool):
        place.put((not value, int(value), str(value).lower())[byte % 3])
    elif isinstance(value, int | float):
        small = value if abs(value) < 2**53 else 1  # or a float of it overflows
        place.put((value + 1, value - 1, -value, float(small), small * 1000, small / 2, str(value))[byte % 7])
    elif isinstance(value, str):
        at = octets.number(2) % (len(value) + 1)
        inserted = octets.choose(("", "\n", "0", "9", " ", "é", "*", "=", "A"))
        place.put(value[:at] + inserted + value[at + (byte & 1) :] if byte < 224 else value * 2)
    elif isinstance(value, list):
        place.put((value[::-1], value + value, [value], value[:1], [])[byte % 5])


def _replace_image(place: _Place, places: list[_Place], octets: ByteSource, name: str) -> None:
    """Another picture for an image, of any format, name and sides."""
    images = [each for each in places if str(each.value).startswith(_IMAGE_STARTS)]
    drawn, mime = octets.choose(tuple(MIMES)), octets.choose((*MIMES.values(), "text/plain"))
    told = MIMES[drawn] if octets.byte() < 160 else mime
    (octets.choose(images) if images else place).put(
        data_uri_of_known_size(PartialRequest({}), drawn, octets.choose(_SIDES), told)
    )


def _copy(place: _Place, places: list[_Place], octets: ByteSource, name: str) -> None:
    octets.choose(places).insert(deepcopy(place.value), name)


def _move(place: _Place, places: list[_Place], octets: ByteSource, name: str) -> None:
    """A copy first: nothing may come to stand inside itself."""
    value = deepcopy(place.value)
    del place.holder[place.key]
    octets.choose(places).insert(value, place.key if isinstance(place.key, str) else name)


def _add(place: _Place, places: list[_Place], octets: ByteSource, name: str) -> None:
    place.insert(choose(WILD, octets), name)


_ACCIDENTS: tuple[Callable[[_Place, list[_Place], ByteSource, str], None], ...] = (
    *(_remove, _replace, _replace, _perturb, _perturb, _replace_image, _copy, _move, _add),
)
