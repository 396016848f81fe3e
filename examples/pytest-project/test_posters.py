"""Tests of the application, without a key, a server or real waiting."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from posters import MODEL, make_poster


def test_a_poster_is_saved(wan, wan_emulator, tmp_path):
    (file,) = make_poster(wan, "Spring", tmp_path)
    assert file.read_bytes().startswith(b"\x89PNG")
    assert wan_emulator.ledger[MODEL].pictures == 1


def test_a_task_is_forgotten_after_a_day(wan, wan_emulator, tmp_path):
    task = wan.submit(MODEL, "A stone bridge in rain", size="1K", n=1)
    task.wait().save(tmp_path)
    wan_emulator.advance(hours=24)
    assert task.status().status == "UNKNOWN"


@pytest.mark.wan(faults="fail code=DataInspectionFailed")
def test_a_refused_title_makes_no_file(wan, tmp_path):
    assert make_poster(wan, "Spring", tmp_path) == []


@pytest.mark.wan(latency=3600)
def test_a_slow_task_ends_the_wait(wan, wan_emulator, tmp_path):
    before = wan_emulator.now
    assert make_poster(wan, "Spring", tmp_path, timeout=60) == []
    assert (wan_emulator.now - before).total_seconds() <= 61


def test_the_program_works_in_a_process_of_its_own(wan_server, tmp_path):
    code = "import pathlib, posters, wanlib; posters.make_poster(wanlib.Wan(), 'Spring', pathlib.Path('.'))"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, check=True, timeout=60)
    assert [file.suffix for file in tmp_path.iterdir()] == [".png"]
    assert wan_server.emulator.ledger[MODEL].pictures == 1


@pytest.mark.wan_live(budget="0.20")
def test_the_real_service_draws_a_poster(wan, tmp_path):
    assert len(make_poster(wan, "Spring", tmp_path)) == 1
