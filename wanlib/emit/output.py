"""Generate all files from a spec, find those that differ, and write them."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import unified_diff
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from wanlib.emit.client.api_tables import calls
from wanlib.emit.client.client import clients
from wanlib.emit.python_text import EmitError, module_name
from wanlib.emit.validator.module import header, validator
from wanlib.emit.validator.registry import checker, registry
from wanlib.spec import Spec

FOLDER = "wanlib/generated"


def generate_files(spec: Spec) -> dict[str, str]:
    """Return the text of each generated module by file name, in a fixed order, as ruff formats it.

    Raises:
        EmitError: The spec cannot be written as Python, or ruff is not installed.
    """
    files = {f"{module_name(family.name)}.py": validator(spec, family) for family in spec.families}
    return _formatted(
        files
        | {
            "calls.py": calls(spec),
            "checker.py": checker(spec),
            **clients(spec),
            "registry.py": registry(spec),
        }
    )


_ISORT = "lint.isort.known-first-party=['wanlib']"
_RUFF = (
    ("check", "--select=I", "--fix-only", "--quiet", f"--config={_ISORT}"),
    ("format", "--quiet"),
)
_SETTINGS = ("--isolated", "--no-cache", "--line-length=110", "--target-version=py311")


def _formatted(files: Mapping[str, str]) -> dict[str, str]:
    """Return the files as ruff formats them by the rules of this repository."""
    if find_spec("ruff") is None:
        raise EmitError("ruff is not installed, and generated code is formatted by it; run: pip install ruff")
    with TemporaryDirectory(prefix="wanlib-emit-") as name:
        folder = Path(name)
        for file, text in files.items():
            (folder / file).write_text(text, "utf-8", newline="\n")
        for arguments in _RUFF:
            command = [sys.executable, "-m", "ruff", arguments[0], *_SETTINGS, *arguments[1:], name]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise EmitError(f"ruff cannot format the generated code: {done.stderr.strip()}")
        return {file: (folder / file).read_text("utf-8") for file in files}


_MARK = header("")[0]


@dataclass(frozen=True, slots=True)
class Drift:
    """A generated file that differs from what the spec yields.

    Attributes:
        path: The file.
        before: Its present text, None if it is missing.
        expected: The text that the spec yields, None if it yields no such file any more.
    """

    path: Path
    before: str | None
    expected: str | None

    def diff(self, name: str) -> Iterator[str]:
        """Return the lines of a unified diff from the present to the expected text. name: of the file."""
        (old, old_head), (new, new_head) = (
            ([], "/dev/null") if text is None else (text.split("\n"), f"{side}/{name}")
            for side, text in (("present", self.before), ("expected", self.expected))
        )
        return unified_diff(old, new, old_head, new_head, lineterm="")


def find_drift(files: Mapping[str, str], folder: Path, *, write: bool) -> list[Drift]:
    """Return the files of a folder that differ from `files`, by name, and rewrite them with `write`.

    Files that have the mark of the emitter but are not among `files` are stale: they are reported, and
    removed with `write`. Other files are left alone. A file is never left half written.

    Args:
        files: The expected text of each file by name.
        folder: The folder.
        write: Rewrite what differs.

    Raises:
        OSError: A file cannot be read or written.
    """
    drifts = []
    for name in sorted({*files, *_generated_files(folder)}):
        path, expected = folder / name, files.get(name)
        if (before := _text(path)) != expected:
            drifts.append(Drift(path, before, expected))
            if write:
                _rewrite(path, expected)
    return drifts


def _generated_files(folder: Path) -> Iterator[str]:
    """Yield the names of files that have the emitter's mark."""
    for path in folder.glob("*.py"):
        if (_text(path) or "").startswith(_MARK):
            yield path.name


def _text(path: Path) -> str | None:
    """Return the text of a file, line ends included, or None; bytes that are not UTF-8 make it differ."""
    try:
        return path.read_bytes().decode("utf-8", "replace")
    except FileNotFoundError:
        return None


def _rewrite(path: Path, text: str | None) -> None:
    """Replace or remove a file atomically: importers read the old or the new one."""
    if text is None:
        path.unlink()
        return
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_bytes(text.encode("utf-8"))
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
