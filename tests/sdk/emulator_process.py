"""Run `wanlib serve` in a process, and read its address from the lines that it prints."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_LINE = re.compile(r"DASHSCOPE_HTTP_BASE_URL=(\S+)")


@contextmanager
def run_emulator(*options: str) -> Iterator[str]:
    """Yield the base URL of an emulator that runs as long as the block.

    Raises:
        OSError: if it does not start.
    """
    command = [sys.executable, "-m", "wanlib", "serve", "--port", "0", "--quiet", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield _read_base_url(process)
        finally:
            process.terminate()


def _read_base_url(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    for line in process.stdout:
        if match := _LINE.search(line):
            return match[1]
    raise OSError(f"wanlib serve ended with {process.wait()} before it printed its address")
