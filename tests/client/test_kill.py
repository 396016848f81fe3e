"""`kill -9` of a real process while a real service on loopback holds its call; then `resume`."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.client.loopback import loopback
from tests.client.service import PRO
from tests.runtime.answers import TASK
from wanlib import Wan

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("held", ["POST", "GET"])
def test_a_killed_process_loses_nothing_and_pays_once(tmp_path: Path, held: str) -> None:
    """Killed before the task's id came back, and while it waited for the task."""
    journal = tmp_path / "calls.sqlite"
    with loopback() as service:
        service.held = held
        command = [sys.executable, "-m", "tests.client.killed", service.base, str(journal)]
        process = subprocess.Popen(command, cwd=ROOT)
        try:
            assert service.reached.wait(30)
        finally:
            process.kill()
            process.wait()
        service.held = ""
        with Wan("sk-1", base_url=service.base, journal=journal) as wan:
            resumed = wan.resume(timeout=30)
    assert [(each.task_id, each.model, len(each.images)) for each in resumed.results] == [(TASK, PRO, 1)]
    assert (resumed.failed, resumed.lost, len(service.bodies)) == ([], [], 1)
