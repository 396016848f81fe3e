"""A process that is killed before any step of a probe leaves a ledger that holds: real file, real locks.

`make live` adds processes that are killed at random moments.
"""

import subprocess
import sys
from pathlib import Path

from tests.support.patience import PATIENCE

ROOT = Path(__file__).parents[3]


def test_a_killed_process_leaks_nothing_and_hides_nothing() -> None:
    command = [sys.executable, "-m", "tests.conformance.live.killed_processes", "2"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    assert "0 problems" in done.stdout
    assert int(done.stdout.partition(" steps")[0].rpartition(" ")[2]) > 12, "it was killed at every step"
