"""Two thousand tasks awaited for a minute, and the memory that one more takes.

The peer is one polling loop per task on httpx.AsyncClient, with the same interval of ten seconds; the loops
are spread over the interval, which favours them. Each side has its own process and service; both run at once.
"""

import json
import subprocess
import sys

from tests.bench.comparison import Comparison, compare_with_limit
from tests.bench.sink import most_queries, sink

COUNT = 2000
_TARGET = 1 / 5


def rows() -> list[Comparison]:
    """Return CPU seconds per task and minute, the most queries in a second, and bytes per task."""
    with sink() as ours, sink() as theirs:
        waits = _start("waits", ours), _start("loops", theirs)
        cpu, peer = (_read(wait)["cpu"] / COUNT for wait in waits)
        most, peers_most = most_queries(ours), most_queries(theirs)
    with sink() as base:
        grown = _read(_start("memory", base))["bytes"]
    print(f"{COUNT} waits: the loops of the peer make up to {peers_most} queries in a second")
    return [
        Comparison(
            "a task waited for, a minute", "loops on httpx.AsyncClient", cpu, peer, cpu / peer, _TARGET
        ),
        compare_with_limit("  queries in the fullest second", most, 20, "/s"),
        compare_with_limit("  memory of one more", grown / 1000, 10, "kB"),
    ]


def _start(what: str, base: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.bench.waiting", what, base, str(COUNT)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _read(process: subprocess.Popen[str]) -> dict[str, float]:
    out, _ = process.communicate()
    assert process.returncode == 0
    measured: dict[str, float] = json.loads(out)
    return measured
