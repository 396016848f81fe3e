"""Run examples/pytest-project with the built wheel, on each pytest and beside the plugins in wide use."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PYTESTS = ("pytest>=8.4,<9", "pytest>=9,<10")
OTHERS = ("pytest-xdist", "pytest-asyncio", "pytest-randomly", "pytest-rerunfailures")
CONFORMANCE = ("--wan-conformance", "--wan-target", "generated", "--wan-target", "http", "-k", "n.max")

ASYNC_TEST = """
import asyncio
import pytest


async def _draw(async_wan, wan_emulator, folder):
    tasks = [await async_wan.submit("wan2.7-image", "A bridge", size="1K", n=1) for _ in range(3)]
    for out in await asyncio.gather(*(task.wait(timeout=900) for task in tasks)):
        await out.save(folder)
    wan_emulator.advance(days=1)
    assert (await tasks[0].status()).status == "UNKNOWN"


@pytest.mark.{mark}
@pytest.mark.wan(latency=600)
async def test_on_an_event_loop(async_wan, wan_emulator, tmp_path):
    await _draw(async_wan, wan_emulator, tmp_path)
"""
ANYIO_BACKEND = """

@pytest.fixture
def anyio_backend():
    return "asyncio"
"""
FLAKY_TEST = '''
import pytest
RUNS = []


def test_conduct_is_judged_in_each_run(wan, tmp_path):
    """It leaves a task in its first run."""
    task = wan.submit("wan2.7-image", "A bridge", size="1K", n=1)
    RUNS.append(task)
    if len(RUNS) > 1:
        task.wait().save(tmp_path)


def test_fails_once(wan, wan_emulator, tmp_path):
    wan.generate("wan2.7-image", "A bridge", size="1K", n=1).save(tmp_path)
    RUNS.append("fails")
    assert wan_emulator.ledger["wan2.7-image"].pictures == 1
    assert RUNS.count("fails") == 2
'''


class Check(NamedTuple):
    """One run of pytest.

    Attributes:
        name: A description of the check.
        arguments: Of pytest.
        summary: A text that its last line must have.
    """

    name: str
    arguments: tuple[str, ...]
    summary: str


ALONE = (
    Check("the fixtures", ("test_posters.py",), "5 passed, 1 skipped"),
    Check("anyio, a dependency of httpx", ("test_anyio.py",), "1 passed"),
    Check("conformance items", CONFORMANCE, " passed, "),
)
LOOP_SCOPE = ("-o", "asyncio_default_fixture_loop_scope=function")  # releases before 1.0 warn without it
ASYNC_FILES = ("test_anyio.py", "test_asyncio.py")
TOGETHER = (
    Check(
        "xdist, randomly", ("-n", "2", "test_posters.py", *ASYNC_FILES, *LOOP_SCOPE), "7 passed, 1 skipped"
    ),
    Check("anyio, asyncio", (*ASYNC_FILES, *LOOP_SCOPE), "2 passed"),
    Check(
        "rerunfailures",
        ("test_flaky.py", "--reruns", "2", "-p", "no:randomly", *LOOP_SCOPE),
        "2 rerun",
    ),
    Check("conformance items on xdist", (*CONFORMANCE, "-n", "2", *LOOP_SCOPE), " passed"),
)


def main() -> int:
    """Run every check; return 0 if all passed."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        wheel = _build(folder)
        project = folder / "project"
        shutil.copytree(ROOT / "examples" / "pytest-project", project)
        (project / "test_anyio.py").write_text(ASYNC_TEST.format(mark="anyio") + ANYIO_BACKEND)
        (project / "test_asyncio.py").write_text(ASYNC_TEST.format(mark="asyncio"))
        (project / "test_flaky.py").write_text(FLAKY_TEST)
        failed = 0
        for number, version in enumerate(PYTESTS):
            python = _environment(folder / f"venv{number}", wheel, version)
            failed += sum(not _passes(python, project, check) for check in ALONE)
            _install(python, *OTHERS, version)
            failed += sum(not _passes(python, project, check) for check in TOGETHER)
    print(f"{failed} failed" if failed else "all passed")
    return 1 if failed else 0


def _build(folder: Path) -> Path:
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(folder),
    ]
    subprocess.run([*build, str(ROOT)], check=True)
    return next(folder.glob("wanlib-*.whl"))


def _environment(folder: Path, wheel: Path, version: str) -> str:
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = str(folder / "bin" / "python")
    _install(python, f"{wheel}[pytest]", version)
    return python


def _install(python: str, *requirements: str) -> None:
    install = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *requirements]
    subprocess.run(install, check=True)


def _passes(python: str, project: Path, check: Check) -> bool:
    """Run one check, print its result, and its output if it fails."""
    environment = dict(_environment_without_keys())
    start = time.perf_counter()
    ran = subprocess.run(
        [python, "-m", "pytest", "-p", "no:cacheprovider", *check.arguments],
        cwd=project,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    lines = ran.stdout.splitlines() or [""]
    is_passed = ran.returncode == 0 and check.summary in lines[-1]
    version = next(
        (word for line in lines for word in line.split() if word.startswith(("pytest-8", "pytest-9"))),
        "pytest",
    )
    result = "ok" if is_passed else f"FAILED (exit {ran.returncode})"
    print(f"{version} {check.name}: {result}, {time.perf_counter() - start:.1f} s: {lines[-1].strip('= ')}")
    if not is_passed:
        print(ran.stdout)
    return is_passed


def _environment_without_keys() -> Iterator[tuple[str, str]]:
    for name, value in os.environ.items():
        if not name.startswith(("DASHSCOPE_", "PYTEST_")) and name not in ("PYTHONPATH", "PIP_CONSTRAINT"):
            yield name, value


if __name__ == "__main__":
    sys.exit(main())
