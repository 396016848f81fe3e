"""Random mutations of real bodies: all readings must handle any JSON, and agree on it."""

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from typing import Any, NamedTuple

from hypothesis import strategies as st

from wan_conformance.strategies.byte_source import ByteSource, strategy_from_bytes
from wan_conformance.strategies.images import data_uri_of_known_size
from wan_conformance.strategies.invalid_values import WILD, choose
from wan_conformance.strategies.partial_request import PartialRequest
from wan_conformance.strategies.requests import RequestPlan
from wanlib.boundary.images import MEDIA_TYPES
from wanlib.boundary.mode_cases import mode_cases
from wanlib.spec.model.spec import Spec

_MAX_MUTATIONS = 4
_HEADER, _BYTES_EACH = 4, 10  # bytes before the mutations, and for each of them
_MUTATION_BYTES = _MAX_MUTATIONS * _BYTES_EACH
_WORDS = ("model", "input", "parameters", "messages", "content", "image", "text", "", "a/b~c", "\ud800")
_SIDES = ((1, 1), (239, 240), (300, 3000), (600, 600), (5001, 700))
_IMAGE_STARTS = ("http", "oss:", "data:", "HTTP", "OSS:", "DATA:")
_MAX_LOCATIONS = 400  # more than any plausible body has


class _Location(NamedTuple):
    """Where a value is: an object and a member name, or a list and an index."""

    holder: Any
    key: Any

    @property
    def value(self) -> Any:
        return self.holder[self.key]

    def replace(self, value: Any) -> None:
        """Replace the value."""
        self.holder[self.key] = value

    def insert(self, value: Any, name: str) -> None:
        """Insert another value next to it; `name` is its member name in an object."""
        if isinstance(self.holder, list):
            self.holder.insert(self.key, value)
        else:
            self.holder[name] = value


def mutated_bodies(spec: Spec) -> st.SearchStrategy[Any]:
    """Return bodies of every model with values removed, replaced, perturbed, copied, moved or added.

    Sometimes the whole body is replaced. Any JSON may be anywhere, except NaN and infinity.
    """
    plans = [RequestPlan(spec, mode_case) for model in spec.models for mode_case in mode_cases(spec, model)]
    names = tuple({field.name: None for family in spec.families for field in family.walk()})
    start = max(plan.length for plan in plans)

    def build(source: ByteSource) -> Any:
        body, _ = source.choose(plans).build(source)
        source.position = start
        replaced, other_model = source.byte() >= 250, source.byte() >= 224
        if replaced:
            return choose(WILD, source)
        if other_model:
            body["model"] = source.choose((*spec.models, *(f"{model}-c1" for model in spec.models)))
        return _mutated(body, source, start + _HEADER, (*names, *_WORDS))

    return strategy_from_bytes(start + _HEADER + _MUTATION_BYTES, build)


def mutated_values(values: Sequence[Any]) -> st.SearchStrategy[Any]:
    """Return copies of JSON values with the same mutations as `mutated_bodies`.

    Args:
        values: Objects or lists, at most 256, such as the responses of a service.
    """

    def build(source: ByteSource) -> Any:
        replaced, value = source.byte() >= 250, deepcopy(source.choose(values))
        return choose(WILD, source) if replaced else _mutated(value, source, _HEADER, _WORDS)

    return strategy_from_bytes(_HEADER + _MUTATION_BYTES, build)


def _mutated(value: Any, source: ByteSource, start: int, words: tuple[str, ...]) -> Any:
    """Mutate a value in place one to four times, with the bytes from position `start`."""
    for number in range(1 + source.skewed_int(_MAX_MUTATIONS)):
        source.position = start + number * _BYTES_EACH
        _apply_mutation(value, source, words)
    return value


def _apply_mutation(body: Any, source: ByteSource, words: tuple[str, ...]) -> None:
    mutation = source.choose(_MUTATIONS)
    locations = [location for location, _ in zip(_locations(body), range(_MAX_LOCATIONS), strict=False)]
    if locations:
        mutation(locations[source.number(2) % len(locations)], locations, source, source.choose(words))


def _locations(holder: Any) -> Iterator[_Location]:
    pairs = holder.items() if isinstance(holder, dict) else enumerate(holder)
    for key, value in list(pairs):
        yield _Location(holder, key)
        if isinstance(value, dict | list):
            yield from _locations(value)


def _remove(location: _Location, locations: list[_Location], source: ByteSource, name: str) -> None:
    del location.holder[location.key]


def _replace(location: _Location, locations: list[_Location], source: ByteSource, name: str) -> None:
    location.replace(choose(WILD, source))


def _perturb(location: _Location, locations: list[_Location], source: ByteSource, name: str) -> None:
    """Make a small change that keeps the type, or nearly does."""
    value, byte = location.value, source.byte()
    if isinstance(value, bool):
        location.replace((not value, int(value), str(value).lower())[byte % 3])
    elif isinstance(value, int | float):
        small = value if abs(value) < 2**53 else 1  # or a float of it overflows
        location.replace(
            (value + 1, value - 1, -value, float(small), small * 1000, small / 2, str(value))[byte % 7]
        )
    elif isinstance(value, str):
        position = source.number(2) % (len(value) + 1)
        inserted = source.choose(("", "\n", "0", "9", " ", "é", "*", "=", "A"))
        location.replace(
            value[:position] + inserted + value[position + (byte & 1) :] if byte < 224 else value * 2
        )
    elif isinstance(value, list):
        location.replace((value[::-1], value + value, [value], value[:1], [])[byte % 5])


def _replace_image(location: _Location, locations: list[_Location], source: ByteSource, name: str) -> None:
    """Replace an image by one of any format, declared type and size."""
    images = [location for location in locations if str(location.value).startswith(_IMAGE_STARTS)]
    image_format, mime = (
        source.choose(tuple(MEDIA_TYPES)),
        source.choose((*MEDIA_TYPES.values(), "text/plain")),
    )
    declared = MEDIA_TYPES[image_format] if source.byte() < 160 else mime
    (source.choose(images) if images else location).replace(
        data_uri_of_known_size(PartialRequest({}), image_format, source.choose(_SIDES), declared)
    )


def _copy(location: _Location, locations: list[_Location], source: ByteSource, name: str) -> None:
    source.choose(locations).insert(deepcopy(location.value), name)


def _move(location: _Location, locations: list[_Location], source: ByteSource, name: str) -> None:
    """Move a copy, since nothing may end up inside itself."""
    value = deepcopy(location.value)
    del location.holder[location.key]
    source.choose(locations).insert(value, location.key if isinstance(location.key, str) else name)


def _add(location: _Location, locations: list[_Location], source: ByteSource, name: str) -> None:
    location.insert(choose(WILD, source), name)


_MUTATIONS: tuple[Callable[[_Location, list[_Location], ByteSource, str], None], ...] = (
    *(_remove, _replace, _replace, _perturb, _perturb, _replace_image, _copy, _move, _add),
)
