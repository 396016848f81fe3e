"""Broken spec files: each raises SpecError with its diagnostic at its line."""

import re
from pathlib import Path

import pytest

from tests.spec.broken.broken_bodies import BROKEN_BODIES
from tests.spec.broken.broken_client import BROKEN_CLIENT
from tests.spec.broken.broken_conditions import BROKEN_CONDITIONS
from tests.spec.broken.broken_errors import BROKEN_ERRORS
from tests.spec.broken.broken_expressions import BROKEN_EXPRESSIONS
from tests.spec.broken.broken_fields import BROKEN_FIELDS
from tests.spec.broken.broken_output import BROKEN_OUTPUT
from tests.spec.broken.broken_parts import BROKEN_PARTS
from tests.spec.broken.broken_service import BROKEN_SERVICE
from tests.spec.broken.broken_shapes import BROKEN_SHAPES
from tests.spec.broken.broken_tables import BROKEN_TABLES
from tests.spec.broken.broken_ties import BROKEN_TIES
from tests.spec.broken.broken_yaml import BROKEN_YAML
from tests.spec.broken.case import Broken
from tests.spec.small import FILES, write
from wanlib.spec import SpecError, load

ALL = [
    *BROKEN_YAML,
    *BROKEN_SHAPES,
    *BROKEN_FIELDS,
    *BROKEN_PARTS,
    *BROKEN_CONDITIONS,
    *BROKEN_EXPRESSIONS,
    *BROKEN_BODIES,
    *BROKEN_TABLES,
    *BROKEN_TIES,
    *BROKEN_CLIENT,
    *BROKEN_ERRORS,
    *BROKEN_OUTPUT,
    *BROKEN_SERVICE,
]
FORM = re.compile(r"[a-z0-9.]+\.yaml:[1-9][0-9]*: .+, expected .+")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the small spec once; each test breaks one file and restores it."""
    return write(tmp_path_factory.mktemp("spec"))


@pytest.mark.parametrize("broken", ALL, ids=lambda broken: broken.name)
def test_a_broken_spec_has_its_diagnostic(broken: Broken, folder: Path) -> None:
    (folder / broken.file).write_text(broken.files()[broken.file], "utf-8")
    with pytest.raises(SpecError) as exc_info:
        load(folder)
    (folder / broken.file).write_text(FILES[broken.file], "utf-8")
    begin, _, end = broken.words.partition("…")
    lines = [line for line in exc_info.value.diagnostics if line.startswith(f"{broken.place()}: {begin}")]
    assert lines, str(exc_info.value)
    assert lines[0].endswith(end) if "…" in broken.words else lines[0] == f"{broken.place()}: {broken.words}"
    assert len(exc_info.value.diagnostics) == 1 + broken.also, str(exc_info.value)
    assert all(FORM.fullmatch(line) and len(line) < 400 for line in exc_info.value.diagnostics)


def test_the_small_spec_is_valid(tmp_path: Path) -> None:
    """The cases above start from a valid spec."""
    assert load(write(tmp_path)).models == ("tea-1", "tea-1-pro")


def test_case_names_are_unique() -> None:
    names = [broken.name for broken in ALL]
    assert len(names) == len(set(names)) > 200
