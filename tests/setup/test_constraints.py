"""The pinned versions: complete, within the ranges of the project, and independent of the machine."""

import re
import tomllib
from typing import Any

from packaging.requirements import Requirement

from tests.setup.pin import ROOT, constraint_lines, normalize

LINE = re.compile(r'([a-z0-9-]+)==([0-9][0-9a-z.]*)( ; python_version [<>]=? "3\.\d+"( and .*)?)?')
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
TEXT = (ROOT / "constraints.txt").read_text("utf-8")
PINNED = [Requirement(line) for line in TEXT.splitlines() if not line.startswith("#")]


def requirements() -> list[Requirement]:
    """Return the requirements of the project, of each extra, and of the build."""
    project = PROJECT["project"]
    texts = [*PROJECT["build-system"]["requires"], *project["dependencies"]]
    texts += [text for extra in project["optional-dependencies"].values() for text in extra]
    return [requirement for requirement in map(Requirement, texts) if requirement.name != project["name"]]


def test_every_requirement_is_pinned_within_its_range() -> None:
    """A requirement that has no line here would be installed in its newest version."""
    names = {pin.name: pin for pin in PINNED}
    for requirement in requirements():
        pin = names[normalize(requirement.name)]
        (exact,) = pin.specifier
        assert exact.version in requirement.specifier, f"{pin} is outside of {requirement}"


def test_the_file_holds_names_and_versions_alone() -> None:
    """No index, path or host of the machine that resolved it; sorted, so that a diff shows what moved."""
    lines = [line for line in TEXT.splitlines() if not line.startswith("#")]
    assert all(LINE.fullmatch(line) for line in lines)
    assert [pin.name for pin in PINNED] == sorted(pin.name for pin in PINNED)
    assert len(lines) > 60


def test_a_marker_stands_where_the_interpreters_differ() -> None:
    pins = {
        (3, 11): {"tea": "1.0", "cup": "2.0", "old": "1.0"},
        (3, 12): {"tea": "1.1", "cup": "2.0"},
        (3, 13): {"tea": "1.1", "cup": "2.0", "new": "3.0"},
    }
    assert list(constraint_lines(pins)) == [
        "cup==2.0\n",
        "new==3.0\n",
        "old==1.0\n",
        'tea==1.0 ; python_version < "3.12"\n',
        'tea==1.1 ; python_version >= "3.12"\n',
    ]


def test_the_supported_versions_are_one_list() -> None:
    """The classifiers and the interpreters of `make pin` name the same versions of Python."""
    claimed = [
        text.rsplit(" ", 1)[1]
        for text in PROJECT["project"]["classifiers"]
        if re.fullmatch(r"Programming Language :: Python :: 3\.\d+", text)
    ]
    makefile = (ROOT / "Makefile").read_text("utf-8")
    pythons = re.search(r"^PYTHONS := (.+)$", makefile, re.MULTILINE)
    assert pythons and pythons[1].split() == [f"python{version}" for version in claimed]
    assert PROJECT["project"]["requires-python"] == f">={claimed[0]}"
