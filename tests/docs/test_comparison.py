"""The table of `docs/comparison.md`: what it says of wanlib is true, and the committed table is current."""

import importlib.util

import pytest

from tests.docs import comparison
from tests.docs.comparison import LIBRARIES, PAGE, ROWS, find, page


def test_everything_that_the_table_says_of_wanlib_exists() -> None:
    text = PAGE.read_text("utf-8")
    for row in ROWS:
        cell = ", ".join(find(place) for place in row.cells[0].split())
        assert f"| {row.title} | {cell} |" in text


@pytest.mark.parametrize(
    "place", ["wanlib:Wan.nothing", "wanlib:Wan.edit(nothing)", "wanlib.types:Result[nothing]", "wanlib.Wan"]
)
def test_a_name_that_is_gone_is_refused(place: str) -> None:
    with pytest.raises(LookupError, match=r"nothing|not a place"):
        find(place)


def test_an_empty_cell_is_refused_where_the_library_has_such_a_name() -> None:
    row, names = comparison.Row("Wait", "^wait", ("",) * 5), set(comparison._names(LIBRARIES[0]))
    with pytest.raises(LookupError, match="Wait: wanlib has wait"):
        comparison._cell(row, "", LIBRARIES[0], names)


@pytest.mark.skipif(
    any(importlib.util.find_spec(library.distribution.replace("-", "_")) is None for library in LIBRARIES),
    reason="the extra bench is not installed",
)
@pytest.mark.filterwarnings("ignore")
def test_the_committed_table_is_current() -> None:
    text = PAGE.read_text("utf-8")
    assert page(text) == text
