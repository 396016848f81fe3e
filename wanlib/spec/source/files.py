"""The files of a spec folder: their names, and the packaged files below an overlay.

A folder of spec files is an overlay: a file replaces the packaged file of the same name, and the others
remain. If its `wire.yaml` states `extends: none`, the folder is complete. `find_files` applies this rule to
every folder.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from wanlib.base.redaction import safe_repr
from wanlib.spec.model.errors import SpecError
from wanlib.spec.model.model import module_name
from wanlib.spec.source.yaml_reader import LineMap, read_file

SINGLE_FILES = ("task", "wire", "service", "sources")
"""The stems of the files that are not model files."""

RESERVED_MODULES = (
    "calls",
    "checker",
    "client",
    "client_async",
    "models",
    "models_async",
    "parameters",
    "registry",
)
"""The modules of a generated package besides those of the model files."""

_NAME = re.compile(r"[a-z][a-z0-9]*([._-][a-z0-9]+)*")
_VERSIONED = re.compile(r"wanx?(?=[0-9])")
_WAN = re.compile(r"wan[0-9]")
_NUMBERS = re.compile(r"([0-9]+)")
_MAX_NAME = 60


@dataclass(frozen=True, slots=True)
class SpecFiles:
    """The files of a spec.

    Attributes:
        paths: Every file by stem, model files newest first.
        own: The stems of the files of the folder itself; the other files are packaged.
    """

    paths: Mapping[str, Path]
    own: frozenset[str]


def find_files(folder: Path, packaged: Path, *, alone: bool = False) -> SpecFiles:
    """Return the files of a folder, with the packaged ones that it leaves in place.

    Args:
        folder: The folder.
        packaged: The folder of the packaged spec.
        alone: Whether the folder is complete, even if its `wire.yaml` does not say so.

    Raises:
        SpecError: The folder has no spec file, it stands alone and is incomplete, or names are wrong.
    """
    try:
        problem = None if folder.is_dir() else "is not a folder"
    except OSError as error:
        problem = f"can't be read ({error.strerror})"
    if problem:
        raise SpecError(f"{folder}:1: {problem}, expected a folder of spec files")
    paths = {path.stem: path for path in folder.glob("[!.]*.yaml")}
    own = frozenset(paths)
    if not paths:
        raise SpecError(f"{folder}:1: contains no spec file, expected one such as wan2.7.yaml")
    if not (alone or _stands_alone(paths.get("wire"))):
        paths = {path.stem: path for path in packaged.glob("[!.]*.yaml")} | paths
    stems = _in_order(paths)
    if diagnostics := [*_missing_files(folder, stems), *name_problems(stems)]:
        raise SpecError(*diagnostics)
    return SpecFiles({stem: paths[stem] for stem in stems}, own)


def _stands_alone(wire: Path | None) -> bool:
    """Return whether the folder of a `wire.yaml` is complete; a file that is not YAML is reported later."""
    try:
        return wire is not None and read_file(wire).get("extends") == "none"
    except SpecError:
        return True


def _missing_files(folder: Path, stems: list[str]) -> list[str]:
    diagnostics = [
        f"{stem}.yaml:1: is missing in {folder}, expected next to the model files"
        for stem in SINGLE_FILES
        if stem not in stems
    ]
    if all(stem in SINGLE_FILES for stem in stems):
        diagnostics.append(f"{folder}:1: contains no model file, expected one such as wan2.7.yaml")
    return diagnostics


def name_problems(stems: list[str]) -> list[str]:
    """Return the problems of file names, which are used in ids and as module names."""
    diagnostics, modules = [], dict.fromkeys(RESERVED_MODULES, "")
    for stem in stems:
        if stem in SINGLE_FILES:
            continue
        module = module_name(stem)
        if not _NAME.fullmatch(stem) or len(stem) > _MAX_NAME:
            expected = f"a name such as wan2.6-t2i.yaml, or one of {', '.join(SINGLE_FILES)}"
            diagnostics.append(f"{stem}.yaml:1: has an unusable file name, expected {expected}")
        elif module in modules:
            owner = f"{modules[module]}.yaml has" if modules[module] else "generated code has"
            problem = f"becomes the module {module}, which {owner} too"
            diagnostics.append(f"{stem}.yaml:1: {problem}, expected another name")
        else:
            modules[module] = stem
    return diagnostics


def _in_order(stems: Iterable[str]) -> list[str]:
    """Sort model files by version, newest first, with `wan` before every other name."""
    newest_first = sorted(stems, key=_natural_key, reverse=True)
    return sorted(newest_first, key=lambda stem: stem not in SINGLE_FILES and not _WAN.match(stem))


def _natural_key(stem: str) -> list[int | str]:
    return [int(part) if part.isdecimal() else part for part in _NUMBERS.split(stem)]


def short_name(stem: str) -> str:
    """Return a file name in the short form that `wan` repeats: without `wan` or `wanx` before a version."""
    return _VERSIONED.sub("", stem, count=1)


def name_diagnostics(stem: str, document: LineMap) -> list[str]:
    """Check that `wan` in a file repeats its name, without the `wan` or `wanx` before a version."""
    expected = short_name(stem)
    if document.get("wan") == expected:
        return []
    problem = f"wan is {safe_repr(document['wan'])}" if "wan" in document else "lacks wan"
    line = document.lines.get("wan", 1)
    return [f'{stem}.yaml:{line}: {problem}, expected "{expected}", as in the file name']
