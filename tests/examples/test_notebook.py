"""The notebook of `examples/notebook`: committed without outputs and secrets; its cells run."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.source_tree import ROOT
from wanlib.emulator import Emulator, RealClock, Settings
from wanlib.emulator.server.serve import run_in_thread

TEXT = (ROOT / "examples" / "notebook" / "edit.ipynb").read_text("utf-8")
CODE = [cell for cell in json.loads(TEXT)["cells"] if cell["cell_type"] == "code"]


def test_it_has_no_outputs_and_no_secrets() -> None:
    assert [cell["source"] for cell in CODE if cell["outputs"] or cell["execution_count"]] == []
    assert re.search(r"sk-|Signature|Bearer|image/png|base64", TEXT) is None


def test_its_cells_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a kernel: `make examples`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-local")
    names: dict[str, Any] = {}
    with run_in_thread(Emulator(clock=RealClock(), settings=Settings(waiting=0, working=0))) as url:
        monkeypatch.setenv("DASHSCOPE_HTTP_BASE_URL", f"{url}/api/v1")
        for cell in CODE:
            exec("".join(cell["source"]), names)
    assert len(list((tmp_path / "pictures").iterdir())) == len(names["output"]) == 2
