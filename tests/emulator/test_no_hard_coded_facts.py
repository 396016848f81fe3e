"""The emulator contains no fact of the API: a changed spec is a changed service."""

import ast
import json
import shutil
import subprocess
import sys
from pathlib import Path

from tests.emulator.api_client import KEY, ORIGIN, PLAIN, SPEC, advance, json_of, messages, rules
from tests.support.api_facts import KEPT_FOR, limit_of
from wanlib.emulator import Emulator, Request, Response
from wanlib.spec import load
from wanlib.spec.load import spec_folder

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "wanlib" / "emulator"
STANDARD = {"Authorization", "Content-Type"}  # HTTP's own names


def test_the_core_imports_no_client_no_renderer_and_no_other_reading() -> None:
    code = "import sys, wanlib.emulator; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    loaded = set(run.stdout.split())
    assert not loaded & {"httpx", "PIL", "starlette", "uvicorn", "wanlib.client", "wanlib.generated"}


def texts() -> set[str]:
    """Every text in the code but docstrings."""
    found: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        told_only = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told_only:
                found.add(node.value)
    return found


def test_no_model_path_header_code_or_state_is_typed_into_the_code() -> None:
    wire = SPEC.wire
    paths = {endpoint.split(" ")[1] for calls in wire["endpoints"].values() for endpoint in calls.values()}
    paths |= {endpoint.split(" ")[1] for endpoint in wire["paths"].values()} | {wire["base_path"]}
    headers = set(wire["headers"]) - STANDARD
    states = set(SPEC.task["states"]) - {"SUCCEEDED", "FAILED"}  # those two are members of task_metrics, too
    assert not states & texts()
    for known in (set(SPEC.models), paths, headers, set(wire["errors"]), set(wire["regions"])):
        assert not {each.lower() for each in known} & {text.lower() for text in texts()}


def changed(folder: Path, file: str, before: str, after: str) -> Emulator:
    shutil.copytree(spec_folder(), folder)
    path = folder / file
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after), "utf-8")
    return Emulator(load(folder))


def post(emulator: Emulator, path: str, body: object) -> Response:
    headers = KEY | {"content-type": "application/json", "x-dashscope-async": "enable"}
    return emulator.handle(Request("POST", path, headers, json.dumps(body).encode(), ORIGIN))


def test_a_changed_limit_is_enforced(tmp_path: Path) -> None:
    most = limit_of("wan2.7/n.max")
    path = "/api/v1/services/aigc/image-generation/generation"
    emulator = changed(tmp_path / "spec", "wan2.7.yaml", f"    max: {most}\n", f"    max: {most + 1}\n")
    assert post(emulator, path, messages(PLAIN, n=most + 1)).status == 200
    refused = post(emulator, path, messages(PLAIN, n=most + 2))
    assert rules(refused) == {"wan2.7/n.max": "rejected"}
    assert json_of(refused)["message"] == f"Range of n should be [1, {most + 1}]"


def test_a_changed_path_is_served(tmp_path: Path) -> None:
    """The path of all models that have it: what no model has any more does not exist."""
    folder = shutil.copytree(spec_folder(), tmp_path / "spec")
    for file in folder.glob("*.yaml"):
        text = file.read_text("utf-8").replace("/aigc/image-generation/", "/aigc/pictures/")
        file.write_text(text, "utf-8")
    emulator = Emulator(load(folder))
    assert post(emulator, "/api/v1/services/aigc/pictures/generation", messages(PLAIN)).status == 200
    assert post(emulator, "/api/v1/services/aigc/image-generation/generation", messages(PLAIN)).status == 404


def test_a_changed_life_is_lived(tmp_path: Path) -> None:
    emulator = changed(
        tmp_path / "spec",
        "task.yaml",
        f"  is: {KEPT_FOR / 3600:.0f} h\n  of: submission",
        "  is: 12 h\n  of: submission",
    )
    answer = post(emulator, "/api/v1/services/aigc/image-generation/generation", messages(PLAIN))
    task = json_of(answer)["output"]["task_id"]
    advance(emulator, 12 * 3600)
    query = emulator.handle(Request("GET", f"/api/v1/tasks/{task}", KEY, b"", ORIGIN))
    assert json_of(query)["output"]["task_status"] == "UNKNOWN"
