"""Broken spec files: each draws its complaint at its line, and nothing but SpecError."""

import re
from pathlib import Path

import pytest

from tests.spec.broken import Broken
from tests.spec.broken_bodies import BROKEN_BODIES
from tests.spec.broken_client import BROKEN_CLIENT
from tests.spec.broken_conditions import BROKEN_CONDITIONS
from tests.spec.broken_errors import BROKEN_ERRORS
from tests.spec.broken_expressions import BROKEN_EXPRESSIONS
from tests.spec.broken_fields import BROKEN_FIELDS
from tests.spec.broken_output import BROKEN_OUTPUT
from tests.spec.broken_parts import BROKEN_PARTS
from tests.spec.broken_service import BROKEN_SERVICE
from tests.spec.broken_shapes import BROKEN_SHAPES
from tests.spec.broken_ties import BROKEN_TIES
from tests.spec.broken_yaml import BROKEN_YAML
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
    *BROKEN_TIES,
    *BROKEN_CLIENT,
    *BROKEN_ERRORS,
    *BROKEN_OUTPUT,
    *BROKEN_SERVICE,
]
FORM = re.compile(r"[a-z0-9.]+\.yaml:[1-9][0-9]*: .+, expected .+")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small spec, written once; each test breaks one file of it and mends it again."""
    return write(tmp_path_factory.mktemp("spec"))


@pytest.mark.parametrize("broken", ALL, ids=lambda broken: broken.name)
def test_broken_spec(broken: Broken, folder: Path) -> None:
    (folder / broken.file).write_text(broken.files()[broken.file], "utf-8")
    with pytest.raises(SpecError) as caught:
        load(folder)
    (folder / broken.file).write_text(FILES[broken.file], "utf-8")
    begin, _, end = broken.words.partition("…")
    told = [line for line in caught.value.diagnostics if line.startswith(f"{broken.place()}: {begin}")]
    assert told, str(caught.value)
    assert told[0].endswith(end) if "…" in broken.words else told[0] == f"{broken.place()}: {broken.words}"
    assert len(caught.value.diagnostics) == 1 + broken.also, str(caught.value)
    assert all(FORM.fullmatch(line) and len(line) < 400 for line in caught.value.diagnostics)


def test_small_spec_is_good(tmp_path: Path) -> None:
    """Or every case above would be refused for what they share."""
    assert load(write(tmp_path)).models == ("tea-1", "tea-1-pro")


def test_names_differ() -> None:
    names = [broken.name for broken in ALL]
    assert len(names) == len(set(names)) > 200
