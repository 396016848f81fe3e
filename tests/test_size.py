"""`wanlib.size` and `wanlib size`: the nearest valid size, compared with every valid size."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wanlib
from tests.emulator.api_client import functional, messages, prompted
from tests.support.api_facts import default_of, limit_of, square_of
from wanlib.base.values import Ratio
from wanlib.errors import InvalidArgumentError, NoValidSizeError
from wanlib.spec import interpret, load
from wanlib.validation.output_size import SizeBounds, nearest_size, parse_ratio

SPEC = load()
W27, PRO, W26, W25, W21 = SPEC.models
URL = "https://example.com/a.png"


def every_size(bounds: SizeBounds, tier: int) -> Iterator[tuple[int, int]]:
    """Yield every valid size of a tier, by trying all that are not too large."""
    sides = range(bounds.step, tier + 1, bounds.step)
    for width in sides:
        for height in range(bounds.step, tier // width + 1, bounds.step):
            pixels = width * height
            legal = bounds.min_pixels <= pixels <= bounds.max_pixels and 4 * pixels >= 3 * tier
            legal = legal and bounds.min_side <= min(width, height) and max(width, height) <= bounds.max_side
            if legal and bounds.allows(Fraction(width, height)):
                yield width, height


def distance(size: tuple[int, int], ratio: Fraction, tier: int) -> tuple[Fraction, int, int]:
    own = Fraction(*size)
    return max(own / ratio, ratio / own), tier - size[0] * size[1], -size[0]


@st.composite
def wishes(draw: Any) -> tuple[SizeBounds, Fraction, int]:
    """Draw small bounds, a ratio within them, and a tier."""
    low = draw(st.integers(1, 400))
    high = draw(st.integers(low, 1500))
    narrow = draw(st.fractions(Fraction(1, 8), 1, max_denominator=9))
    wide = draw(st.fractions(1, 8, max_denominator=9))
    bounds = SizeBounds(
        "size",
        {},
        low,
        high,
        Ratio(narrow.numerator, narrow.denominator),
        Ratio(wide.numerator, wide.denominator),
        draw(st.sampled_from([1, 1, 3, 8])),
        draw(st.sampled_from([40, 999_999])),
        None,
        draw(st.sampled_from([1, 1, 2, 3, 16])),
        (),
    )
    return bounds, draw(st.fractions(narrow, wide, max_denominator=40)), draw(st.integers(low, high))


@settings(max_examples=300, derandomize=True, database=None)
@given(wishes())
def test_no_legal_size_is_nearer(wish: tuple[SizeBounds, Fraction, int]) -> None:
    bounds, ratio, tier = wish
    found = nearest_size(bounds, ratio, tier)
    best = min(every_size(bounds, tier), key=lambda size: distance(size, ratio, tier), default=None)
    assert found == best


def bodies(model: str, images: int, parameters: dict[str, Any]) -> dict[str, Any]:
    if model == W25:
        return prompted(*[URL] * images, **parameters)
    return messages(model, *[URL] * images, **parameters)


MODES: list[tuple[str, int, dict[str, Any]]] = [
    (W27, 0, {}),
    (W27, 2, {}),
    (PRO, 0, {}),
    (PRO, 1, {}),
    (PRO, 0, {"enable_sequential": True}),
    (W26, 1, {}),
    (W26, 0, {"enable_interleave": True}),
    (W25, 1, {}),
]


@pytest.mark.parametrize(("model", "images", "modes"), MODES)
def test_every_result_passes_both_validators(model: str, images: int, modes: dict[str, Any]) -> None:
    """The bounds that the generated code hands over are those that `check` and the interpreter judge by."""
    wide = 8 if model in (W27, PRO) else 4
    keywords = {W27: ("1K", "2K"), PRO: ("1K", "2K"), W26: ("1K", "2K"), W25: ()}[model]
    tiers = [None, "1000*800", *(() if "enable_interleave" in modes else keywords)]
    tiers += ["4k"] if (model, images, modes) == (PRO, 0, {}) else []
    for ratio in ("1:1", "16:9", "9:16", "1.78", "1920x1080", "21:9", f"{wide}:1", f"1:{wide}", "683:384"):
        for tier in tiers:
            size = wanlib.size(model, ratio=ratio, tier=tier, images=images, **modes)
            body = bodies(model, images, modes | {"size": size, "n": 1})
            assert wanlib.check(body) == [] == interpret(SPEC, body)
            width, height = map(int, size.split("*"))
            wish = parse_ratio(ratio)
            assert wish is not None and 0.9 < width / height / wish < 1.12
            if model == W26:
                assert width % 16 == height % 16 == 0


def square(rule: str, keyword: str) -> str:
    return "{}*{}".format(*square_of(rule, keyword))


def ratios(family: str) -> str:
    return f"{limit_of(f'{family}/size.min_ratio')} to {limit_of(f'{family}/size.max_ratio')}"


RECOMMENDED = SPEC.facts["wan2.5/size.recommended"].value
"""The sizes that the guide recommends."""


def _ratio(size: str) -> Fraction:
    return parse_ratio(size) or Fraction(0)


LARGEST = {_ratio(size): size for size in sorted(RECOMMENDED, key=lambda size: int(size.partition("*")[0]))}
"""For each of their ratios the largest, which is preferred to other sizes of the ratio."""


@pytest.mark.parametrize(
    ("model", "options", "size"),
    [
        *((W25, {"ratio": ratio}, size) for ratio, size in LARGEST.items()),
        (W26, {"ratio": RECOMMENDED[-1].replace("*", ":")}, RECOMMENDED[-1]),
        (W27, {"ratio": "1:1"}, square("wan2.7/size.keywords", default_of("wan2.7/size"))),
        (PRO, {"ratio": "1:1", "tier": "4K"}, square("wan2.7/size.keywords:pro_text", "4K")),
        (PRO, {"ratio": 1.0, "tier": "1K"}, square("wan2.7/size.keywords", "1K")),
    ],
)
def test_known_sizes(model: str, options: dict[str, Any], size: str) -> None:
    assert wanlib.size(model, **options) == size


@pytest.mark.parametrize(
    ("model", "options", "reason"),
    [
        (W27, {"ratio": "50:1"}, f"the ratio is '50:1'; wan2.7-image takes {ratios('wan2.7')}"),
        (W25, {"ratio": "1:50"}, f"wan2.5-i2i-preview takes {ratios('wan2.5')}"),
        (
            PRO,
            {"ratio": "1:1", "tier": "4K", "images": 1},
            "the tier is '4K'; wan2.7-image-pro takes 1K, 2K or",
        ),
        (W25, {"ratio": "1:1", "tier": "2K"}, "the tier is '2K'; wan2.5-i2i-preview takes width"),
        (
            W25,
            {"ratio": "1:1", "tier": "10*10"},
            f"the tier has 100 pixels; wan2.5-i2i-preview takes {limit_of('wan2.5/size.min_pixels'):,} to ",
        ),
        (W21, {"ratio": "1:1"}, "wanx2.1-imageedit has no parameter for the output size"),
    ],
)
def test_no_legal_size(
    wanlib_command: Callable[..., Any], model: str, options: dict[str, Any], reason: str
) -> None:
    with pytest.raises(NoValidSizeError) as error:
        wanlib.size(model, **options)
    assert reason in str(error.value)
    ran = wanlib_command(
        "size", model, *(text for name, each in options.items() for text in (f"--{name}", str(each)))
    )
    assert (ran.code, ran.out) == (1, "") and reason in ran.err


@pytest.mark.parametrize(
    ("model", "options", "reason"),
    [
        ("wan9", {"ratio": "1:1"}, "no model 'wan9'"),
        (W27, {"ratio": "wide"}, "ratio is 'wide'; allowed: 16:9, 1.78, 1920x1080"),
        (W27, {"ratio": "0:1"}, "ratio is '0:1'"),
        (W27, {"ratio": "1:1", "images": -1}, "images is -1"),
        (W27, {"ratio": True}, "ratio is True"),
        (
            W27,
            {"ratio": "1:1", "enable_interleave": True},
            "wan2.7-image has no parameter 'enable_interleave'",
        ),
    ],
)
def test_invalid_arguments(model: str, options: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidArgumentError) as error:
        wanlib.size(model, **options)
    assert reason in str(error.value) and not isinstance(error.value, NoValidSizeError)


@pytest.mark.parametrize("text", ["16:9", "16/9", "1920x1080", "1920*1080", " 16 : 9 ", "3.2:1.8"])
def test_ratios_are_read_exactly(text: str) -> None:
    assert parse_ratio(text) == Fraction(16, 9)


def test_the_command(wanlib_command: Callable[..., Any]) -> None:
    ratio = RECOMMENDED[-1].replace("*", ":")
    assert wanlib_command("size", W25, "--ratio", ratio) == (0, f"{RECOMMENDED[-1]}\n", "")
    ran = wanlib_command("size", PRO, "--ratio", "1", "--tier", "4K", "--set", "enable_sequential=true")
    assert (ran.code, ran.out) == (1, "")
    assert wanlib_command("size", PRO, "--ratio", "1.78", "--tier", "2k", "--images", "3").code == 0
    for arguments in (("wan9", "--ratio", "1"), (W27, "--ratio", "x"), (W27, "--ratio", "1", "--set", "x=1")):
        ran = wanlib_command("size", *arguments)
        assert (ran.code, ran.out) == (2, "") and "wanlib: " in ran.err


@pytest.fixture
def wanlib_command() -> Callable[..., Any]:
    from tests.cli.conftest import in_process

    return in_process


def test_a_model_without_sizes_has_no_bounds() -> None:
    from wanlib.generated.checker import size_bounds

    assert size_bounds(W21)(W21, {}, None) is None
    assert wanlib.check(functional(URL)) == []
