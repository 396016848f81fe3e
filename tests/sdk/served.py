"""`wanlib serve` as people start it: a process of its own, found by the lines that it prints."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_LINE = re.compile(r"DASHSCOPE_HTTP_BASE_URL=(\S+)")


@contextmanager
def served(*options: str) -> Iterator[str]:
    """Its base URL, for as long as the block lasts. OSError where it does not start."""
    command = [sys.executable, "-m", "wanlib", "serve", "--port", "0", "--quiet", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield _base(process)
        finally:
            process.terminate()


def _base(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    for line in process.stdout:
        if found := _LINE.search(line):
            return found[1]
    raise OSError(f"wanlib serve ended with {process.wait()} before it told its address")
