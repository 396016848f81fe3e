"""`wanlib.types`: which types it has, that it loads nothing, and that type checkers see them."""

import subprocess
import sys
from pathlib import Path

import pytest

import wanlib
import wanlib.types
from wanlib.generated import parameters

TYPES = [
    *("AsyncOutput", "AsyncStream", "AsyncTask", "BatchJob", "BatchOutcome", "BatchPlan", "BatchProgress"),
    *("BatchSummary", "Bill", "Change", "CheckResult", "Classification", "Clock"),
    *("Fixed", "ImageLike", "LostCall", "ManualClock", "Options", "Output", "Part", "Picture"),
    *("PictureFailure", "Prepared", "Price", "RealClock", "Result", "ResumeResult", "Stream", "Task"),
    *(
        "TaskEvent",
        "TaskPage",
        "TaskStatus",
        "TaskSummary",
        "Text",
        "UnfinishedCall",
        "Violation",
        "WaitOptions",
    ),
    "WaitOrSyncOptions",
]


def test_the_types_are_listed() -> None:
    assert wanlib.types.__all__ == TYPES
    assert set(TYPES) | set(parameters.__all__) <= set(dir(wanlib.types))


@pytest.mark.parametrize("name", [*TYPES, *parameters.__all__])
def test_each_type_is_the_one_that_the_library_uses(name: str) -> None:
    loaded = getattr(wanlib.types, name)
    assert loaded is getattr(wanlib.types, name)
    assert name not in wanlib.__all__ or loaded is getattr(wanlib, name)
    assert name not in parameters.__all__ or loaded is getattr(parameters, name)


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Outputs'"):
        assert wanlib.types.Outputs  # type: ignore[attr-defined]
    assert not hasattr(wanlib.types, "__path__")


def test_importing_the_module_loads_nothing_else() -> None:
    code = "import sys, wanlib.types; print(*(name for name in sys.modules if name.startswith('wanlib')))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert set(loaded.split()) == {"wanlib", "wanlib.types"}
    third_party = "import sys, wanlib.types; print('httpx' in sys.modules, 'typing' in sys.modules)"
    run = subprocess.run([sys.executable, "-I", "-S", "-c", third_party], capture_output=True, text=True)
    assert run.returncode or run.stdout == "False False\n"


def test_type_checkers_see_every_type_and_no_other(tmp_path: Path) -> None:
    names = [*TYPES, *parameters.__all__]
    file = tmp_path / "imports.py"
    lines = [*(f"from wanlib.types import {name}" for name in names), "from wanlib.types import Outputs"]
    file.write_text("\n".join(lines) + "\n", "utf-8")
    run = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", str(file)], capture_output=True, text=True
    )
    assert run.stdout.count("error:") == 1 and f":{len(lines)}: " in run.stdout
