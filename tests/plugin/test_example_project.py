"""The tests of examples/pytest-project pass, and without a key the live one is skipped."""

import shutil

import pytest

from tests.plugin.inner import run
from tests.support.source_tree import ROOT

pytest_plugins = ["pytester"]


def test_the_example_project_passes(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DASHSCOPE_API_KEY", raising=False)
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}")
    shutil.copytree(ROOT / "examples" / "pytest-project", pytester.path, dirs_exist_ok=True)
    run(pytester, "", "-W", "error").assert_outcomes(passed=5, skipped=1)
