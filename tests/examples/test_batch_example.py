"""The commands of `examples/batch`, in manual time."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import in_process
from tests.support.image_files import picture
from wanlib.emulator import Emulator, ManualClock, Settings
from wanlib.emulator.server.serve import run_in_thread

FOLDER = Path(__file__).parents[2] / "examples" / "batch"


def test_the_commands_make_the_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = ManualClock()
    shutil.copy(FOLDER / "jobs.csv", tmp_path)
    (tmp_path / "street.png").write_bytes(picture("png", size=(100, 150)))  # too small: it is made fit
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("wanlib.cli.options.connection.system_clock", lambda: clock)
    commands = [shlex.split(line) for line in re.findall(r"^    wanlib (.*)", readme(), re.MULTILINE)]
    dry, real = commands
    with run_in_thread(Emulator(clock=clock, settings=Settings(waiting=0.0, working=0.0))) as url:
        monkeypatch.setenv("DASHSCOPE_HTTP_BASE_URL", f"{url}/api/v1")
        monkeypatch.delenv("DASHSCOPE_API_KEY", raising=False)
        assert in_process(*dry, "--fit").code == 0 and not (tmp_path / "pictures").exists()
        monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-local")
        made, again = in_process(*real), in_process(*real)
    assert (made.code, again.code) == (0, 0), made.err
    names = sorted(path.name for path in (tmp_path / "pictures").glob("*.png"))
    assert names == ["bridge-1.png", "bridge-again-1.png", "street-dusk-1.png", "street-snow-1.png"]
    assert "4 saved already" in again.err


def readme() -> str:
    return (FOLDER / "README.md").read_text("utf-8")
