"""Whether two conditions can hold together, for all kinds of comparisons."""

from pathlib import Path

import pytest

from tests.spec.small import FAMILY, FILES, write
from wanlib.spec import Condition, Family, SpecError, load
from wanlib.spec.model.mode_values import (
    MAX_COMBINATIONS,
    combination_count,
    find_overlap,
    value_combinations,
)

MODES = "  fast: quick"


def family(folder: Path, *modes: str) -> Family:
    """Return the small family with these modes beside its own."""
    lines = "".join(f"  {mode}\n" for mode in modes)
    files = FILES | {FAMILY: FILES[FAMILY].replace(MODES, lines + MODES)}
    return load(write(folder, files)).families[0]


@pytest.mark.parametrize(
    ("one", "two", "together"),
    [
        ("count(images) == 0", "count(images) >= 1", False),
        ("count(images) <= 1", "count(images) >= 1", True),
        ("count(images) < 2", "count(images) > 2", False),
        ("count(images) != 3", "count(images) != 4", True),
        ("quick", "not quick", False),
        ("quick == True", "not quick", False),
        ("quick != True", "not quick", True),
        ("quick", "count(images) == 0", True),
        ('style == "green"', 'style == "black"', False),
        ('style == "green"', 'style in ("green", "black")', True),
        ('style != "green"', 'style != "black"', True),
        ('style in ("green", "black")', 'style not in ("green", "black")', False),
        ('model == "tea-1"', 'model == "tea-1-pro"', False),
        ('model != "tea-1"', 'model != "tea-1-pro"', False),
        ('call == "sync"', 'call in ("async", "stream")', False),
        ('call != "sync"', 'call != "async"', True),
        ("strength < 0.5", "strength > 0.5", False),
        ("strength <= 0.5", "strength >= 0.5", True),
        ("strength < 0.6", "strength > 0.5", True),
        ("strength < 0.5", "strength > 0.6", False),
        ("strength > 0.9", "strength != 0.5", True),
        ('size == "1K"', 'size != "1K"', False),
        ('size == "1K"', 'size == "64*64"', False),
        ('prompt != "a"', 'prompt != "b"', True),
        ("quick and count(images) == 0", "quick and count(images) == 1", False),
        ("quick or count(images) == 0", "quick or count(images) == 1", True),
        ("bare_grand", "bare and not grand", False),
        ("bare_grand", "grand", True),
    ],
)
def test_overlap_of_conditions(one: str, two: str, together: bool, tmp_path: Path) -> None:
    small_family = family(tmp_path, f"one: {one}", f"two: {two}")
    overlap = find_overlap(small_family, Condition("one", True), Condition("two", True))
    assert bool(overlap) is together
    assert find_overlap(small_family, Condition("one", True), Condition("one", False)) == ""


def test_value_combinations(tmp_path: Path) -> None:
    """Only values that differ between the modes; the value of a list is its count."""
    small_family = family(tmp_path)
    assert list(value_combinations(small_family, ("bare_grand",))) == [
        {"images": count, "model": model} for count in (0, 1) for model in ("tea-1", "tea-1-pro")
    ]
    assert combination_count(small_family, ("bare_grand", "fast")) == 4 * 2 * 3


FLAGS = [f"f{number}" for number in range(20)]


def flagged(one: list[str], two: list[str]) -> str:
    """Return the small family with twenty boolean fields and two modes that read some of them."""
    fields = "".join(f"  {flag}: {{type: boolean, default: false}}\n" for flag in FLAGS)
    text = FILES[FAMILY].replace("fields:\n  prompt", f"fields:\n{fields}  prompt")
    text = text.replace(MODES, f"  one: {' and '.join(one)}\n  two: {' and '.join(two)}\n{MODES}")
    return text.replace(
        "when grand: {max: 12, default: 12}", "when one: {max: 3}\n    when not two: {max: 2}"
    )


def test_a_mode_with_too_many_combinations(tmp_path: Path) -> None:
    """Comparing such modes would take hours, so the file is refused."""
    text = flagged(FLAGS, FLAGS[:2])
    with pytest.raises(SpecError) as exc_info:
        load(write(tmp_path, FILES | {FAMILY: text}))
    message = f"the mode 'one' reads {2**20:,} combinations of values, expected at most {MAX_COMBINATIONS:,}"
    assert exc_info.value.diagnostics == [f"wan1.0.yaml:{line_of(text, 'when one')}: {message}"]


def test_two_modes_with_too_many_combinations(tmp_path: Path) -> None:
    text = flagged(FLAGS[:10], FLAGS[10:])
    with pytest.raises(SpecError) as exc_info:
        load(write(tmp_path, FILES | {FAMILY: text}))
    place = f"wan1.0.yaml:{line_of(text, 'when not two')}"
    message = f"which read {2**20:,} combinations of values, expected at most {MAX_COMBINATIONS:,}"
    assert exc_info.value.diagnostics == [f"{place}: max varies by one and by not two, {message}"]


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1
