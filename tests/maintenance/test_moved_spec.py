"""Tests hold no numbers of the API: a sample passes with a moved spec; `make moved` runs all."""

from pathlib import Path

import pytest

from tests.maintenance.by_hand import contradicted_vectors
from tests.maintenance.checkout import failing_tests, make_checkout
from tests.maintenance.moves import MovedSpec, candidates, find_numbers

SAMPLE = (
    "tests/cli/test_rules_command.py",
    "tests/client/call/test_price.py",
    "tests/emulator/api/test_output_size.py",
    "tests/emulator/storage/test_ledger.py",
    "tests/test_limits.py",
)
INJECTED = """\"\"\"Planted.\"\"\"
from wanlib import limits

def test_a_number_of_the_spec() -> None:
    assert limits({model!r})[{field!r}]["max"] == {limit}
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder for the moved checkout."""
    return tmp_path_factory.mktemp("moved") / "checkout"


@pytest.fixture(scope="module")
def moved(checkout: Path) -> MovedSpec:
    """Move every number of the spec."""
    return make_checkout(checkout)


@pytest.mark.long
def test_every_number_moves_and_a_sample_of_the_tests_passes(checkout: Path, moved: MovedSpec) -> None:
    """A test that repeats a number is detected: one is injected."""
    assert len(moved.moved) > 100 and moved.stuck == []
    number = next(number for number, _ in moved.moved if number.path == ("fields", "n", "max"))
    model = "wan2.7-image" if number.file == "wan2.7.yaml" else "wan2.6-image"
    injected = checkout / "tests" / "test_injected.py"
    injected.write_text(INJECTED.format(model=model, field="n", limit=number.text), "utf-8")
    failing = failing_tests(checkout, [*SAMPLE, "tests/test_injected.py"])
    assert failing == ["tests/test_injected.py::test_a_number_of_the_spec"]


def test_vectors_that_contradict_the_spec_are_named(checkout: Path, moved: MovedSpec) -> None:
    lines = contradicted_vectors(checkout)
    assert any(line.startswith("wan2.7.yaml:") and line.endswith("vector:wan2.7-n-5") for line in lines)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("max: 4", ["5", "3", "4"]),
        ("min_side: 240", ["239", "241", "240"]),
        ("size: {max_pixels: 768*512}", ["784*528", "752*496", "768*512"]),
        ("max_ratio: 8:1", ["9:1", "8:1"]),
        ('price: "0.20"', ["0.21", "0.19", "0.20"]),
        ("expires: {is: 24 h}", ["25 h", "23 h", "24 h"]),
        ("max_bytes: 20 MB", ["21 MB", "19 MB", "20 MB"]),
    ],
)
def test_other_values_of_a_number(text: str, values: list[str]) -> None:
    (number,) = find_numbers("a.yaml", text)
    assert text[number.start :].startswith(number.text)
    assert candidates(number) == values


def test_names_and_prose_are_not_numbers() -> None:
    text = 'wan: "2.7"\nstatus: 400\nnotes: "5"\nhost: a1.example.com\nmodels: [wan2.7]\n'
    assert [*find_numbers("a.yaml", text)] == []
