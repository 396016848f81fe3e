"""`resolve_sides`: resolve the arguments OLD and NEW.

A spec folder, a git revision, a dated revision such as `2026-05`, a model, or `packaged`.
"""

import shutil
import subprocess
import tarfile
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from wanlib.base.redaction import printable, safe_repr
from wanlib.base.text import did_you_mean
from wanlib.diff.side import Side
from wanlib.input_error import InputError
from wanlib.spec.load import load
from wanlib.spec.model.errors import SpecError
from wanlib.spec.model.spec import Spec
from wanlib.spec.revisions import load_revision, revision_dates

PACKAGED = "packaged"
"""The name of the spec that this package contains."""
SPEC_PATH = "spec"
"""The path of the spec in a repository."""
_GIT_SECONDS = 60


class SideError(InputError, ValueError):
    """An argument names no side, or its spec is broken."""


def resolve_sides(old: str, new: str, *, repository: Path, folder: Path | None = None) -> tuple[Side, Side]:
    """Return the two sides that the arguments name.

    Args:
        old: `packaged`, a folder, a git revision, the date of a revision, or a model.
        new: The same; a model if `old` is one.
        repository: A folder inside the repository whose revisions are meant.
        folder: The spec in which models are looked up; None for the packaged one.

    Raises:
        SideError: One of them names no side, a spec is broken, or only one of them is a model.
    """
    spec = _load(folder, "--spec")
    models = [spec.base(text) for text in (old, new)]
    if models[0] and models[1]:
        return Side(old, spec, models[0]), Side(new, spec, models[1])
    for text, other, model in ((old, new, models[0]), (new, old, models[1])):
        if model:
            hint = did_you_mean(other, spec.models)
            raise SideError(
                f"{text!r} is a model and {safe_repr(other)} is not; compare two models or two specs{hint}"
            )
    sides = [Side(text, _resolve_spec(text, repository, spec)) for text in (old, new)]
    return sides[0], sides[1]


def _load(folder: Path | None, label: str) -> Spec:
    """Load a spec. A folder with a `wire.yaml` is complete, as every revision of a repository has been."""
    try:
        return load(folder, alone=folder is not None and (folder / "wire.yaml").is_file())
    except SpecError as error:
        raise SideError(*(f"{label}: {line}" for line in error.diagnostics)) from None


def _resolve_spec(text: str, repository: Path, spec: Spec) -> Spec:
    if text == PACKAGED:
        return load(None)
    if text in revision_dates():
        return load_revision(text)
    if text and "\0" not in text and Path(text).is_dir():
        return _load(Path(text), printable(text))
    commit = _commit(text, repository)
    if commit is None:
        dates = ", ".join(revision_dates())
        hint = did_you_mean(text, (*spec.models, PACKAGED))
        revision = f"a git revision{_why_no_revision(repository)}"
        raise SideError(
            f"{safe_repr(text)} is not a folder, {revision}, a date ({dates}), a model or '{PACKAGED}'{hint}"
        )
    with TemporaryDirectory() as extracted:
        with tarfile.open(fileobj=BytesIO(_archive(commit, repository, text))) as archive:
            archive.extractall(extracted, filter="data")
        return _load(Path(extracted, SPEC_PATH), printable(text))


def _git(repository: Path, *arguments: str) -> subprocess.CompletedProcess[bytes] | None:
    """Run git in a folder; None if it is not installed or hangs."""
    command = ["git", "-C", str(repository), *arguments]
    try:
        return subprocess.run(command, capture_output=True, timeout=_GIT_SECONDS, check=False)
    except (FileNotFoundError, subprocess.TimeoutExpired, ValueError):
        return None


def _commit(text: str, repository: Path) -> str | None:
    """Return the hash of the commit that a text names; None if it names none."""
    if not text:
        return None
    result = _git(repository, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{text}^{{commit}}")
    return result.stdout.decode().strip() if result is not None and result.returncode == 0 else None


def _why_no_revision(repository: Path) -> str:
    """Return why a text may name no revision here, in parentheses; empty if that is not known."""
    if shutil.which("git") is None:
        return " (git is not installed)"
    result = _git(repository, "rev-parse", "--is-shallow-repository")
    if result is None or result.returncode != 0:
        return " (this folder is not in a git repository)"
    is_shallow = result.stdout.strip() == b"true"
    return " (this clone is shallow: `git fetch --unshallow` gets its history)" if is_shallow else ""


def _archive(commit: str, repository: Path, text: str) -> bytes:
    top = _git(repository, "rev-parse", "--show-toplevel")
    root = Path(top.stdout.decode().strip()) if top is not None else repository
    result = _git(root, "archive", "--format=tar", commit, "--", SPEC_PATH)
    if result is None or result.returncode != 0:
        raise SideError(f"the revision {safe_repr(text)} has no folder {SPEC_PATH}/")
    return result.stdout
