"""Fixtures that run commands, in this process (a millisecond) or in a process of their own."""

import os
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from typer.testing import CliRunner

from tests.cli.service import KEY, SIGNATURE, Service, served
from tests.support.fake_clock import FakeClock
from tests.support.image_files import picture
from wanlib.cli.app import app

ROOT = Path(__file__).parents[2]
APP = app()


class Ran(NamedTuple):
    """The result of a command: its exit code and output."""

    code: int
    out: str
    err: str


def in_process(*arguments: str | Path, stdin: bytes = b"") -> Ran:
    result = CliRunner().invoke(
        APP, [str(argument) for argument in arguments], input=stdin, prog_name="wanlib"
    )
    return Ran(result.exit_code, result.stdout, result.stderr)


def in_a_process(
    *arguments: str | Path, code: str = "from wanlib.cli import main; main()", **options: Any
) -> Any:
    """`subprocess.Popen` of the command; `code` is what runs it."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | options.pop("env", {})
    environment.pop("PYTHONUNBUFFERED", None)  # with it no output is held back, and nothing left to flush
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(
        command,
        stdin=options.pop("stdin", subprocess.PIPE),
        stdout=options.pop("stdout", subprocess.PIPE),
        stderr=options.pop("stderr", subprocess.PIPE),
        env=environment,
        **options,
    )


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


@pytest.fixture
def wanlib() -> Callable[..., Ran]:
    """`wanlib("check", path, stdin=b"")` -> Ran."""
    return in_process


@pytest.fixture
def process() -> Callable[..., Any]:
    """Like `wanlib`, but as a real, running process."""
    return in_a_process


@pytest.fixture
def clean() -> dict[str, Any]:
    """A body that keeps every rule."""
    content = [{"image": "https://example.com/a.png"}, {"text": "Make it dusk"}]
    return {
        "model": "wan2.7-image",
        "input": {"messages": [{"role": "user", "content": content}]},
        "parameters": {"n": 1, "size": "2K"},
    }


@pytest.fixture
def service() -> Iterator[Service]:
    """A scripted service on loopback."""
    with served() as playing:
        yield playing


@pytest.fixture
def call(service: Service, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """As `wanlib`, with a key, and with time that costs none; no secret is in what it writes."""
    time, context = FakeClock(start=1_800_000_000.0), _tls()
    monkeypatch.setattr("httpx.create_ssl_context", lambda **_: context)  # each takes 30 ms
    monkeypatch.setattr("wanlib.cli.options.connection.system_clock", lambda: time)
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
    monkeypatch.delenv("DASHSCOPE_HTTP_BASE_URL", raising=False)

    def run(command: str, *arguments: str | Path, stdin: bytes = b"") -> Ran:
        address = () if command == "check" else ("--base-url", service.base)
        ran = in_process(command, *arguments, *address, stdin=stdin)
        assert KEY not in ran.out + ran.err and SIGNATURE not in ran.out + ran.err
        assert "Traceback" not in ran.err
        return ran

    return run


@pytest.fixture
def street(tmp_path: Path) -> Path:
    path = tmp_path / "street.png"
    path.write_bytes(picture("png", size=(600, 600)))
    return path


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def edit(call: Callable[..., Ran], street: Path, out: Path) -> Callable[..., Ran]:
    """`edit("--n", 1, model=...)` of one image on disk."""

    def run(*options: str | Path, model: str = "wan2.7-image-pro", **more: Any) -> Ran:
        return call("edit", model, "Make it dusk", "-i", street, "--out", out, *options, **more)

    return run
