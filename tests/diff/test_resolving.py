"""The values of OLD and NEW: folders, git revisions, models, the packaged spec; and refused values."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.spec import small
from wanlib.diff.resolving import SideError, resolve_sides
from wanlib.spec import load
from wanlib.spec.revisions import revision_dates

MODELS = load().models


def _git(repository: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")
    environment = os.environ | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    subprocess.run(
        ["git", "-C", repository, *identity, *arguments], check=True, capture_output=True, env=environment
    )


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with two revisions of a small spec: at most 4, then at most 5."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    folder = tmp_path_factory.mktemp("repository")
    (folder / "spec").mkdir()
    small.write(folder / "spec")
    _git(folder, "init", "--quiet")
    for most in (4, 5):
        for name in (small.FAMILY, small.SERVICE):
            path = folder / "spec" / name
            path.write_text(
                path.read_text().replace("max: 4", f"max: {most}").replace("limit: 4", f"limit: {most}")
            )
        _git(folder, "add", ".")
        _git(folder, "commit", "--quiet", "-m", f"at most {most}")
    return folder


def test_git_revisions(repository: Path) -> None:
    old, new = resolve_sides("HEAD~1", "HEAD", repository=repository / "spec")
    assert [side.spec.rules["wan1.0/n.max"].limit for side in (old, new)] == [4, 5]
    assert (old.label, new.label) == ("HEAD~1", "HEAD")


def test_folders_and_the_packaged_spec(repository: Path) -> None:
    old, new = resolve_sides("packaged", str(repository / "spec"), repository=repository)
    assert old.spec is load()
    assert new.spec.models == ("tea-1", "tea-1-pro")


def test_models(repository: Path) -> None:
    old, new = resolve_sides(MODELS[0], MODELS[1], repository=repository)
    assert [side.models for side in (old, new)] == [(MODELS[0],), (MODELS[1],)]
    old, new = resolve_sides("tea-1", "tea-1-pro", repository=repository, folder=repository / "spec")
    assert old.model == "tea-1"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("no-such-thing", "packaged", "'no-such-thing' is not a folder"),
        ("--output=x", "packaged", "'--output=x' is not a folder"),
        ("HEAD^{tree}", "packaged", "is not a folder"),
        ("HEAD:spec", "packaged", "is not a folder"),
        ("a\0b", "packaged", r"'a\x00b' is not a folder"),
        ("", "packaged", "is not a folder"),
        (MODELS[0], "packaged", "is a model and 'packaged' is not"),
        ("packaged", MODELS[0], "is a model and 'packaged' is not"),
        (MODELS[0][:-1], "packaged", f"did you mean '{MODELS[0]}'"),
        (MODELS[0][:-1], MODELS[1], f"did you mean '{MODELS[0]}'"),
        ("2026-06", "packaged", f"a date ({', '.join(revision_dates())})"),
    ],
)
def test_a_side_that_names_no_revision_is_refused(repository: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(SideError) as caught:
        resolve_sides(old, new, repository=repository)
    assert said in str(caught.value)


def test_why_a_text_names_no_revision(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Outside a repository, in a shallow clone, and without git, the message says so."""
    shallow = tmp_path / "shallow"
    _git(tmp_path, "clone", "--quiet", "--depth", "1", repository.as_uri(), str(shallow))
    for folder, reason in ((tmp_path, "not in a git repository"), (shallow, "this clone is shallow")):
        with pytest.raises(SideError, match=reason):
            resolve_sides("HEAD~1", "packaged", repository=folder)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SideError, match="git is not installed"):
        resolve_sides("HEAD~1", "packaged", repository=repository)


def test_a_revision_without_a_spec_and_a_broken_one(repository: Path, tmp_path: Path) -> None:
    _git(tmp_path, "init", "--quiet")
    (tmp_path / "other").write_text("x")
    _git(tmp_path, "add", ".")
    _git(tmp_path, "commit", "--quiet", "-m", "no spec")
    with pytest.raises(SideError, match="'HEAD' has no folder spec/"):
        resolve_sides("HEAD", "packaged", repository=tmp_path)
    broken = tmp_path / "broken"
    broken.mkdir()
    small.write(
        broken, {**small.FILES, small.FAMILY: small.FILES[small.FAMILY].replace("max: 4", "max: many")}
    )
    with pytest.raises(SideError, match=r"broken: wan1\.0\.yaml:[0-9]+: "):
        resolve_sides(str(broken), "packaged", repository=repository)
