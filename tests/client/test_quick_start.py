"""The quick start of the README does what it says; tests/typing shows that type checkers accept it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.client.loopback import loopback
from tests.client.response_samples import TASK
from tests.support.readme_code import ROOT, write_python_blocks
from wanlib.boundary.images import encode_image


@pytest.mark.parametrize("number", [1, 2, 3])
def test_it_runs(tmp_path: Path, number: int) -> None:
    for name in ("clock.png", "vase.png"):
        (tmp_path / name).write_bytes(encode_image("png", 512, 512))
    files = write_python_blocks(tmp_path)
    assert len(files) == 3
    with loopback() as service:
        environ = {
            "DASHSCOPE_API_KEY": "sk-1",
            "DASHSCOPE_HTTP_BASE_URL": service.base,
            "PYTHONPATH": str(ROOT),
        }
        run = subprocess.run(
            [sys.executable, "-W", "error", files[number - 1].name],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=os.environ | environ,
        )
    assert run.returncode == 0, run.stderr
    saved = tmp_path / "out" / f"{TASK}-1.png"
    assert saved.read_bytes() == encode_image("png", 8, 8)
    assert str(saved.relative_to(tmp_path)) in run.stdout
    assert len(service.bodies) == 1 and service.bodies[0]["parameters"]["n"] == 1


def test_without_a_key_a_day_takes_a_moment(tmp_path: Path) -> None:
    (file,) = write_python_blocks(tmp_path, "Test without a key")
    command = [sys.executable, "-W", "error", str(file)]
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    run = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environ)
    assert run.returncode == 0, run.stderr
    saved, status = run.stdout.split()
    assert status == "UNKNOWN"
    with Image.open(tmp_path / saved) as image:
        assert (image.format, image.size) == ("PNG", (1024, 1024))
