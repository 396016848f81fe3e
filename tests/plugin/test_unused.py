"""A plugin that is installed but not used loads nothing of ours, and the harness has one name."""

import re
import subprocess
import sys
from pathlib import Path

from tests.support.source_tree import ROOT, STDLIB, Module

PLUGIN = Module(ROOT / "conformance" / "pytest_wanlib.py", ROOT / "conformance")
CODE = """
import sys

def test_the_unused_plugin_loads_no_dependency():
    loaded = {name.partition(".")[0] for name in sys.modules}
    assert not loaded & {"wanlib", "wan_conformance", "httpx", "yaml", "starlette", "PIL"}
    assert "pytest_wanlib" in loaded
"""


def test_the_plugin_imports_nothing_of_ours_before_it_is_used(tmp_path: Path) -> None:
    test = tmp_path / "test_unused.py"
    test.write_text(CODE)
    options = [
        "-q",
        "-p",
        "pytest_wanlib",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:hypothesispytest",
        "-p",
        "no:respx",
    ]
    path = f"import sys; sys.path.insert(0, {str(ROOT / 'conformance')!r}); import pytest; "
    call = f"sys.exit(pytest.main({[*options, str(test)]!r}))"
    ran = subprocess.run([sys.executable, "-c", path + call], capture_output=True, text=True, cwd=tmp_path)
    assert ran.returncode == 0, ran.stdout


def test_the_module_has_light_imports() -> None:
    eager = {entry.name.partition(".")[0] for entry in PLUGIN.imports if entry.is_eager}
    assert eager - STDLIB == {"pytest"}
    assert eager & STDLIB <= {"__future__", "os", "typing"}


def test_the_harness_is_imported_by_one_name() -> None:
    """A module that is imported by two names exists twice, with two sets of classes."""
    wrong = re.compile(r"^\s*(from|import)\s+conformance\b", re.MULTILINE)
    files = [path for folder in ("wanlib", "conformance", "tests") for path in (ROOT / folder).rglob("*.py")]
    assert len(files) > 300
    assert [str(path) for path in files if wrong.search(path.read_text("utf-8"))] == []
