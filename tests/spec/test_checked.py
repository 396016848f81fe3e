"""The list of files whose shape is known: what it holds, and that nothing else is taken on trust."""

import subprocess
import sys
from pathlib import Path
from shutil import copytree

import pytest

from wanlib.spec import SpecError, load
from wanlib.spec.load import spec_folder
from wanlib.spec.source.schema_check import LIST, SCHEMA, digest_list, known_digests, schema_diagnostics
from wanlib.spec.source.yaml_reader import read_file

PATHS = sorted(spec_folder().glob("*.yaml"))


def test_the_list_is_of_the_files_as_they_are() -> None:
    """Where this fails: `wanlib emit`."""
    assert (spec_folder() / LIST).read_text("ascii") == digest_list(spec_folder())
    assert len(known_digests(spec_folder())) == len(PATHS) + 1


@pytest.mark.parametrize("path", PATHS, ids=[path.stem for path in PATHS])
def test_what_is_listed_has_the_shape(path: Path) -> None:
    assert schema_diagnostics(read_file(path), path.name, spec_folder() / SCHEMA) == []


@pytest.mark.parametrize("path", PATHS, ids=[path.stem for path in PATHS])
def test_a_changed_file_is_checked(path: Path, tmp_path: Path) -> None:
    folder = copytree(spec_folder(), tmp_path / "spec")
    load(folder)
    text = path.read_text("utf-8")
    (folder / path.name).write_text(
        text.replace("\nsource:", "\nsauce:").replace("\npages:", "\npagez:"), "utf-8"
    )
    with pytest.raises(SpecError, match=r"lacks (source|pages), expected it"):
        load(folder)


def test_under_another_schema_nothing_is_known(tmp_path: Path) -> None:
    folder = copytree(spec_folder(), tmp_path / "spec")
    assert known_digests(folder)
    with (folder / SCHEMA).open("a") as file:
        file.write(" ")
    assert known_digests(folder) == frozenset()


def test_without_a_list_nothing_is_known(tmp_path: Path) -> None:
    assert known_digests(tmp_path) == frozenset()
    (tmp_path / LIST).write_bytes(b"\xff")
    assert known_digests(tmp_path) == frozenset()


def test_what_checks_is_not_loaded_for_what_is_known() -> None:
    code = "import sys, wanlib.spec; wanlib.spec.load(); print('jsonschema' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"
