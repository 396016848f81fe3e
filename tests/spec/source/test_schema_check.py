"""The list of checked files: its content, and that every other file is checked."""

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


def test_the_list_has_the_digests_of_the_files() -> None:
    """If this fails, run `wanlib emit`."""
    assert (spec_folder() / LIST).read_text("ascii") == digest_list(spec_folder())
    assert len(known_digests(spec_folder())) == len(PATHS) + 1


@pytest.mark.parametrize("path", PATHS, ids=[path.stem for path in PATHS])
def test_listed_files_match_the_schema(path: Path) -> None:
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


def test_with_another_schema_no_file_is_known(tmp_path: Path) -> None:
    folder = copytree(spec_folder(), tmp_path / "spec")
    assert known_digests(folder)
    with (folder / SCHEMA).open("a") as file:
        file.write(" ")
    assert known_digests(folder) == frozenset()


def test_without_a_list_no_file_is_known(tmp_path: Path) -> None:
    assert known_digests(tmp_path) == frozenset()
    (tmp_path / LIST).write_bytes(b"\xff")
    assert known_digests(tmp_path) == frozenset()


def test_jsonschema_is_not_imported_for_known_files() -> None:
    code = "import sys, wanlib.spec; wanlib.spec.load(); print('jsonschema' in sys.modules)"
    completed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert completed.stdout == "False\n"
