"""A checkout whose spec is moved, with the code that is generated from it; pytest runs inside it."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from shutil import copytree, ignore_patterns

from tests.maintenance.moves import MovedSpec, move_numbers

ROOT = Path(__file__).parents[2]
_LEFT_OUT = ignore_patterns(".git", ".venv*", ".*_cache", ".hypothesis", "__pycache__", "last")


def make_checkout(folder: Path) -> MovedSpec:
    """Copy this checkout, move the numbers of its spec, and generate its code.

    Args:
        folder: The checkout to make; it does not exist yet.
    """
    copy_checkout(folder)
    moved = move_numbers(ROOT / "spec", folder / "spec")
    run_command(folder, "wanlib", "emit").check_returncode()
    run_python(folder, "-m", "tests.docs.reference").check_returncode()
    return moved


def copy_checkout(folder: Path) -> None:
    """Copy this checkout to a folder that does not exist yet."""
    copytree(ROOT, folder, ignore=_LEFT_OUT)


def run_command(folder: Path, program: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run `wanlib` or `wan-conformance` of a checkout."""
    module = {"wanlib": "wanlib.cli", "wan-conformance": "wan_conformance.cli.main"}[program]
    return run_python(folder, "-c", f"from {module} import main; main()", *arguments)


def run_python(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run Python with the modules of a checkout instead of this one."""
    path = os.pathsep.join([str(folder), str(folder / "conformance")])
    environment = os.environ | {"PYTHONPATH": path}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, text=True, capture_output=True, check=False
    )


def failing_tests(folder: Path, arguments: Sequence[str]) -> list[str]:
    """Run pytest in a checkout and return the ids of the tests that fail.

    Args:
        folder: The checkout.
        arguments: Arguments of pytest, such as files.

    Raises:
        RuntimeError: pytest cannot run; the message is its output.
    """
    done = run_python(folder, "-m", "pytest", "-q", "--tb=no", "-p", "no:cacheprovider", "-rfE", *arguments)
    if done.returncode not in (0, 1):
        raise RuntimeError(done.stdout + done.stderr)
    lines = [
        line.partition(" ")[2] for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))
    ]
    return [line.partition(" - ")[0] for line in lines]
