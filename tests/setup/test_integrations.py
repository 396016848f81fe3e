"""The Dockerfile, the compose file, the GitHub action and the pre-commit hook, as far as they run here.

`make examples` runs the commands of the image, the installation of the action, and the hook under pre-commit.
"""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from tests.examples.gateway_server import gateway
from tests.setup.container import Instruction, instructions
from tests.setup.readme import PROJECT_FILES, ROOT, blocks
from tests.support.patience import PATIENCE
from wanlib.cli.app import app
from wanlib.cli.commands.serve import BindOptions

DOCKERFILE = instructions((ROOT / "Dockerfile").read_text("utf-8"))
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
HOOKS: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
_INPUT = re.compile(r"\$\{\{ inputs\.([a-z-]+) \}\}")
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="the steps are for bash")


def arguments(name: str) -> list[str]:
    """Return the words of the only instruction of this name that has a list."""
    (words,) = [json.loads(rest) for kind, rest in DOCKERFILE if kind == name]
    return [str(word) for word in words]


def test_the_image_contains_the_sources_of_the_wheel() -> None:
    copied = [word for kind, rest in DOCKERFILE if kind == "COPY" for word in rest.split()[:-1]]
    assert {*copied} == {*PROJECT_FILES, "constraints.txt"}
    context = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert context[0] == "*"
    assert {line[1:] for line in context if line.startswith("!")} == {*copied}
    extras = [name for kind, rest in DOCKERFILE for name in re.findall(r"\[([a-z,]+)\]'", rest)]
    assert [name.split(",") for name in extras] == [["cli", "emulator"]]


def test_the_image_runs_without_rights() -> None:
    users = [rest for kind, rest in DOCKERFILE if kind == "USER"]
    assert users and users[-1] not in ("root", "0")
    assert {"no-new-privileges:true"} == {*COMPOSE["services"]["emulator"]["security_opt"]}
    (published,) = COMPOSE["services"]["emulator"]["ports"]
    assert published.startswith("127.0.0.1:"), "the emulator must not be open to the network"


def test_the_port_and_the_data_folder_are_the_same_everywhere() -> None:
    service, port = COMPOSE["services"]["emulator"], str(BindOptions().port)
    entry = arguments("ENTRYPOINT")
    assert entry[entry.index("--port") + 1] == port
    assert Instruction("EXPOSE", port) in DOCKERFILE
    assert service["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert f"http://127.0.0.1:{port}/" in (ROOT / "compose.yaml").read_text("utf-8")
    (volume,) = service["volumes"]
    name, folder = volume.split(":")
    assert name in COMPOSE["volumes"]
    assert service["command"] == ["--data", folder]
    assert any(f"--owner 10001 {folder}" in rest for kind, rest in DOCKERFILE if kind == "RUN")


@POSIX
def test_the_container_starts_is_healthy_and_stops(tmp_path: Path) -> None:
    """Its commands, on a free port and with a folder of this machine."""
    program, *words = arguments("ENTRYPOINT")
    words[words.index("--port") + 1] = "0"
    health = next(rest for kind, rest in DOCKERFILE if kind == "HEALTHCHECK").partition(" CMD ")[2]
    command = [sys.executable, "-c", "from wanlib.cli import main; main()", *words]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [*command, "--data", str(tmp_path / "data")], stdout=subprocess.PIPE, text=True, env=environment
    ) as server:
        assert program == "wanlib" and server.stdout is not None
        port = re.search(r":(\d+)/", server.stdout.readline())
        assert port is not None
        probe = [word.replace(str(BindOptions().port), port[1]) for word in json.loads(health)]
        # A busy machine may need longer than the two seconds that a container has.
        probe[-1] = re.sub(r"timeout=\d+", f"timeout={PATIENCE}", probe[-1])
        assert probe[0] == "python"
        behind_proxy = os.environ | {"http_proxy": "http://127.0.0.1:9", "no_proxy": ""}
        try:
            healthy = subprocess.run(
                [sys.executable, *probe[1:]], timeout=PATIENCE, env=behind_proxy
            ).returncode
        finally:
            server.terminate()
            server.stdout.read()
        assert (healthy, server.wait(timeout=PATIENCE)) == (0, 143)
        assert subprocess.run([sys.executable, *probe[1:]], stderr=subprocess.DEVNULL).returncode == 1


def steps() -> tuple[dict[str, Any], dict[str, Any]]:
    install, judge = ACTION["runs"]["steps"]
    return install, judge


def test_no_input_of_the_action_becomes_shell_code() -> None:
    """Inputs are environment variables of the step, never text of its script."""
    assert not any("${{" in step["run"] for step in steps())
    used = [_INPUT.fullmatch(value) for value in steps()[1]["env"].values()]
    assert [match[1] for match in used if match] == [*ACTION["inputs"]]
    assert all("default" in given or given["required"] for given in ACTION["inputs"].values())


def judge(folder: Path, program: str, inputs: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the second step of the action, with this program in place of the installed one."""
    installed = folder / "wan-conformance" / "bin" / "wan-conformance"
    installed.parent.mkdir(parents=True)
    installed.write_text(f"#!/bin/sh\n{program}\n")
    installed.chmod(0o755)
    defaults = {name: given.get("default") for name, given in ACTION["inputs"].items()}
    given = {
        name: str((defaults | inputs)[_INPUT.fullmatch(value)[1]])  # type: ignore[index]
        for name, value in steps()[1]["env"].items()
    }
    runner = {"RUNNER_TEMP": str(folder), "GITHUB_STEP_SUMMARY": str(folder / "summary.md")}
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", steps()[1]["run"]],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{ROOT}:{ROOT / 'conformance'}", **runner, **given},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


@POSIX
def test_the_action_passes_its_inputs_on_as_they_are(tmp_path: Path) -> None:
    inputs = {
        "base-url": "http://a b/$(touch hacked)",
        "api-key": "sk-$HOME",
        "rules": "wan2.7/*\n\n`touch hacked`; *",
        "may-skip": "task:fails:*\n",
        "report": "a folder",
    }
    ran = judge(tmp_path, 'echo "$API_KEY"; printf "%s\\n" "$@"', inputs)
    key, *words = ran.stdout.splitlines()
    assert (ran.returncode, ran.stderr, key) == (0, "", inputs["api-key"])
    assert words[:5] == ["run", "--target", "http", "--yes", "--only-failures"]
    for pair in (
        ["--base-url", inputs["base-url"]],
        ["--report", inputs["report"]],
        ["--api-key-env", "API_KEY"],
        ["--rule", "wan2.7/*"],
        ["--rule", "`touch hacked`; *"],
        ["--may-skip", "task:fails:*"],
    ):
        assert pair in [words[index : index + 2] for index in range(5, len(words))]
    assert len(words) == 5 + 6 * 2 + 1 and not (tmp_path / "hacked").exists()


@POSIX
def test_the_action_fails_with_the_server(tmp_path: Path) -> None:
    program = f'exec "{sys.executable}" -m wan_conformance "$@"'
    with gateway("answers-unknown-as-404") as url:
        ran = judge(tmp_path, program, {"base-url": url, "rules": "task:unknown:wan2.7-image\nserver:*"})
    assert ran.returncode == 1 and "::error " in ran.stdout, ran.stdout + ran.stderr
    assert (tmp_path / "summary.md").read_text() and (tmp_path / "conformance" / "report.html").exists()


def test_the_page_uses_action_and_hook_as_they_are() -> None:
    page = (ROOT / "examples" / "README.md").read_text("utf-8")
    ((use,), (repository,)) = (yaml.safe_load(block.text) for block in blocks(page) if block.kind == "yaml")
    required = {name for name, given in ACTION["inputs"].items() if given.get("required")}
    assert required <= {*use["with"]} <= {*ACTION["inputs"]}
    assert [hook["id"] for hook in repository["hooks"]] == [hook["id"] for hook in HOOKS]


def test_the_hook_names_a_command_with_its_extra() -> None:
    (hook,) = HOOKS
    program, command = hook["entry"].split()
    group = typer.main.get_command(app())
    assert program == "wanlib" and command in getattr(group, "commands", {})
    (extra,) = hook["additional_dependencies"]
    match = re.fullmatch(r"\.\[([a-z]+)\]", extra)
    assert match and match[1] in EXTRAS and hook["types"] == ["json"]
