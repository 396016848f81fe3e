"""Servers in separate processes on free ports of loopback: the emulator, and its peers.

`python -m tests.bench.servers bare|starlette PORT` runs one of them.
"""

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, sleep
from typing import Any, NamedTuple

from tests.bench.raw_http import connect, request_head
from wanlib.emit.schema.openapi import openapi
from wanlib.spec import load

OURS, BARE, STARLETTE, PRISM = "ours", "bare", "starlette", "prism"
_PRISM_HOME, _PRISM_PACKAGE = Path(sys.prefix, ".prism"), "@stoplight/prism-cli"
_ANSWER = b'{"output":{"task_id":"0","task_status":"PENDING"},"request_id":"0"}'
_JSON = [(b"content-type", b"application/json"), (b"content-length", str(len(_ANSWER)).encode())]


class RunningServer(NamedTuple):
    """A running server.

    Attributes:
        start_seconds: seconds from its start until its first response.
        base: the path before that of the API.
    """

    process: subprocess.Popen[bytes]
    port: int
    start_seconds: float
    base: str

    @property
    def memory(self) -> tuple[float, float]:
        """The resident memory in MiB: now, and at most so far."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        now, most = (int(status.partition(f"{name}:")[2].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))
        return now, most


@contextmanager
def run_server(kind: str) -> Iterator[RunningServer]:
    """Run a server as long as the block."""
    with TemporaryDirectory() as folder:
        document = Path(folder, "openapi.json")
        document.write_text(json.dumps(openapi(load())), "utf-8")
        port, start = _free_port(), perf_counter()
        command = _command(kind, port, document)
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            base = "" if kind == PRISM else "/api/v1"
            _wait_until_ready(process, port, base)
            yield RunningServer(process, port, perf_counter() - start, base)
        finally:
            process.kill()
            process.wait()


def why_no_prism() -> str:
    """Install Prism in the virtual environment, once; return why this is impossible, or an empty string."""
    if _prism_file().exists():
        return ""
    command = ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(_PRISM_HOME), _PRISM_PACKAGE]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=300)
    except (OSError, subprocess.SubprocessError) as error:
        return f"npm can't install {_PRISM_PACKAGE}: {type(error).__name__}"
    return ""


def _prism_file() -> Path:
    return _PRISM_HOME / "node_modules" / "@stoplight" / "prism-cli" / "dist" / "index.js"


def _command(kind: str, port: int, document: Path) -> Sequence[str | Path]:
    if kind == OURS:
        return [sys.executable, "-m", "wanlib", "serve", "--port", str(port), "--clock", "now"]
    if kind == PRISM:
        return ["node", _prism_file(), "mock", "--verboseLevel", "fatal", "--port", str(port), document]
    return [sys.executable, "-m", __name__, kind, str(port)]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        return int(bound.getsockname()[1])


def _wait_until_ready(process: "subprocess.Popen[bytes]", port: int, base: str) -> None:
    """Wait until the server responds to any request of the API: some listen long before that."""
    while process.poll() is None:
        try:
            with connect(port) as line:
                line.sendall(request_head("GET", f"{base}/tasks/0"))
                if line.recv(1):
                    return
        except OSError:
            sleep(0.005)
    raise OSError(f"{process.args!r} ended with {process.returncode}")


async def _bare(scope: Any, receive: Callable[[], Any], send: Callable[[Any], Any]) -> None:
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": _JSON})
    await send({"type": "http.response.body", "body": _ANSWER})


async def _starlette(scope: Any, receive: Callable[[], Any], send: Callable[[Any], Any]) -> None:
    from starlette.requests import Request
    from starlette.responses import Response

    await Request(scope, receive).json()
    await Response(_ANSWER, media_type="application/json")(scope, receive, send)


def main() -> None:
    """Serve until the process is ended."""
    import uvicorn

    app = _bare if sys.argv[1] == BARE else _starlette
    uvicorn.run(app, port=int(sys.argv[2]), log_config=None, access_log=False, lifespan="off", ws="none")


if __name__ == "__main__":
    main()
