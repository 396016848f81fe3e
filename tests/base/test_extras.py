"""Where a package of an extra is missing, the error names the extra to install."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

MISSING = [
    ("wanlib.spec", "yaml", "spec"),
    ("wanlib.spec", "jsonschema", "spec"),
    ("wanlib.emulator", "yaml", "emulator"),
    ("wanlib.emulator", "PIL", "emulator"),
    ("wanlib.emulator.transport", "jsonschema", "emulator"),
    ("wanlib.emulator.server.serve", "uvicorn", "emulator"),
    ("wanlib.emulator.server.serve", "starlette", "emulator"),
    ("wanlib.emulator.server.serve", "httptools", "emulator"),
]


def run(code: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)


@pytest.mark.parametrize(("module", "package", "extra"), MISSING)
def test_an_import_names_the_extra(module: str, package: str, extra: str) -> None:
    ran = run(f"import sys; sys.modules[{package!r}] = None; import {module}")
    last = ran.stderr.strip().splitlines()[-1]
    assert last == f"ModuleNotFoundError: this needs {package}: pip install 'wanlib[{extra}]'"


@pytest.mark.parametrize("package", ["yaml", "jsonschema", "PIL", "typer", "starlette", "pybase64"])
def test_the_client_needs_no_extra(package: str) -> None:
    code = f"import sys; sys.modules[{package!r}] = None; import wanlib; wanlib.Wan('sk-1', trust_env=False)"
    ran = run(f"{code}.prepare('wan2.7-image', 'a', images=['https://a.example.com/a.png'], n=1)")
    assert ran.returncode == 0, ran.stderr


def test_dir_lists_the_public_names() -> None:
    """Those that are not loaded yet too, and without loading them."""
    code = "import sys, wanlib; names = dir(wanlib); print(*names); print('httpx' in sys.modules)"
    names, loaded = run(code).stdout.splitlines()
    assert loaded == "False"
    import wanlib

    assert {*wanlib.__all__, "errors", "__version__"} <= set(names.split())
    assert run("import wanlib; print(wanlib.errors.WanError)").stdout == "<class 'wanlib.errors.WanError'>\n"
