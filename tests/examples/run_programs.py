"""Run programs, image, action and hook in separate environments, with the built wheel.

It installs from the package index, with the pinned versions.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import yaml

from tests.setup.container import instructions, shell_command
from tests.setup.readme import ROOT
from tests.support.image_files import picture
from tests.support.program_arguments import chosen_names

CONSTRAINTS = {name: str(ROOT / "constraints.txt") for name in ("PIP_CONSTRAINT", "PIP_BUILD_CONSTRAINT")}
SCHEMAS = {
    "compose.yaml": "vendor.compose-spec",
    "action.yml": "vendor.github-actions",
    "examples/gateway/.github/workflows/conformance.yml": "vendor.github-workflows",
}
GOOD = {
    "model": "wan2.7-image",
    "input": {"messages": [{"role": "user", "content": [{"text": "A bridge"}]}]},
    "parameters": {"n": 1},
}
BAD = GOOD | {"parameters": {"n": 5}}
PATIENCE = 60.0


class ExampleError(Exception):
    """An example does not do what it should."""


class Workshop:
    """A folder with an environment in which the wheel is installed.

    Args:
        folder: An empty folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.programs = folder, folder / "venv" / "bin"
        secrets = ("DASHSCOPE_", "GIT_", "PYTHON")
        clean = {name: value for name, value in os.environ.items() if not name.startswith(secrets)}
        path = f"{self.programs}:{clean['PATH']}"
        self.environment = {**clean, **CONSTRAINTS, "PATH": path, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        wheels = folder / "dist"
        self.run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", wheels, ROOT)
        (wheel,) = wheels.glob("wanlib-*.whl")
        self.run(sys.executable, "-m", "venv", folder / "venv")
        self.run("python", "-m", "pip", "install", "-q", f"{wheel}[examples]")

    def run(
        self, program: str, *words: str | Path, cwd: Path | None = None, code: int = 0, **settings: str
    ) -> str:
        """Run a program of the environment and return what it prints.

        Raises:
            ExampleError: Its exit code is not `code`.
        """
        found = self.programs / program
        ran = subprocess.run(
            [str(found if found.exists() else program), *map(str, words)],
            cwd=cwd or self.folder,
            env={**self.environment, **settings},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
        )
        if ran.returncode != code:
            raise ExampleError(
                f"`{program} {' '.join(map(str, words))}` exits {ran.returncode}\n{ran.stdout}"
            )
        return ran.stdout

    @contextmanager
    def serve(
        self, pattern: str, program: str, *words: str, cwd: Path | None = None, **settings: str
    ) -> Iterator[str]:
        """Start a server and yield the first group of a pattern in what it prints."""
        with subprocess.Popen(
            [str(self.programs / program), *words],
            cwd=cwd or self.folder,
            env={**self.environment, "PYTHONUNBUFFERED": "1", **settings},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            assert process.stdout is not None
            printed, found = "", None
            try:
                while found is None:
                    line = process.stdout.readline()
                    printed += line
                    found = re.search(pattern, line)
                    if not line:
                        raise ExampleError(f"{program} has ended:\n{printed}")
                yield found[1]
            finally:
                process.terminate()
                process.stdout.read()

    @contextmanager
    def emulator(self) -> Iterator[dict[str, str]]:
        """Start an emulator and yield the variables that lead clients to it."""
        words = ("serve", "--port", "0", "--quiet", "--clock", "now")
        with self.serve(r"^Admin page: +(http://\S+)/$", "wanlib", *words) as url:
            yield {"DASHSCOPE_HTTP_BASE_URL": f"{url}/api/v1", "DASHSCOPE_API_KEY": "sk-local"}


def service(shop: Workshop) -> None:
    """Upload, state, picture, as in its README."""
    folder = ROOT / "examples" / "service"
    words = ("service:app", "--port", "0", "--app-dir", str(folder))
    data = str(shop.folder / "data")
    with (
        shop.emulator() as settings,
        shop.serve(r"running on (http://\S+)", "uvicorn", *words, DATA=data, **settings) as url,
        httpx.Client(base_url=url) as http,
    ):
        created = http.post("/pictures", data={"prompt": "Add a clock"}, files={"image": picture("png")})
        where = f"/pictures/{created.json()['id']}"
        until = time.monotonic() + PATIENCE
        while (state := http.get(where).json())["state"] == "working" and time.monotonic() < until:
            time.sleep(0.1)
        drawn = http.get(state["pictures"][0])
        if not drawn.content.startswith(b"\x89PNG"):
            raise ExampleError(f"no picture: {state}")


def notebook(shop: Workshop) -> None:
    """Every cell, in a kernel; the output has previews and no secret."""
    copy = Path(shutil.copy(ROOT / "examples" / "notebook" / "edit.ipynb", shop.folder))
    with shop.emulator() as settings:
        shop.run("jupyter-execute", "--inplace", copy, **settings)
    outputs = [output for cell in json.loads(copy.read_text())["cells"] for output in cell.get("outputs", ())]
    shown = json.dumps(outputs)
    if '"text/html"' not in shown or '"image/png"' not in shown or len(outputs) < 5:
        raise ExampleError(f"outputs are missing: {shown[:2000]}")
    if "sk-local" in shown or "Signature=" in shown:
        raise ExampleError("an output has a secret")


def batch(shop: Workshop) -> None:
    """The commands of its README: check, make, and make again, which pays nothing."""
    folder = shop.folder / "batch"
    shutil.copytree(ROOT / "examples" / "batch", folder)
    (folder / "street.png").write_bytes(picture("png"))
    words = ("batch", "jobs.csv", "--out", "pictures")
    with shop.emulator() as settings:
        shop.run("wanlib", *words, "--dry-run", cwd=folder, **settings)
        for _ in range(2):
            shop.run("wanlib", *words, "--fit", "--max-price", "1", "--yes", cwd=folder, **settings)
    if len(list((folder / "pictures").glob("*.png"))) < 4:
        raise ExampleError(f"pictures are missing: {sorted((folder / 'pictures').iterdir())}")


def clients(shop: Workshop) -> None:
    """Those that break no rule, in two scenarios; all: `make clients`."""
    folder = ROOT / "examples" / "clients"
    words = ("client", "--scenario", "results", "--scenario", "lost-answer", "--")
    shop.run("wan-conformance", *words, "bash", folder / "curl-client.sh")
    shop.run("wan-conformance", *words, "node", folder / "node-client.mjs")


def image(shop: Workshop) -> None:
    """The commands of the Dockerfile in two environments; what they install serves."""
    stages = [shop.folder / name for name in ("build", "final")]
    folders = {"/wheels": shop.folder / "wheels", "/data": shop.folder / "container"}
    source = shop.folder / "source"
    source.mkdir()
    stage = shop.folder
    for kind, rest in instructions((ROOT / "Dockerfile").read_text("utf-8")):
        if kind == "FROM":
            stage = stages.pop(0)
            shop.run(sys.executable, "-m", "venv", stage)
        elif kind == "COPY":
            for name in rest.split()[:-1]:
                copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
                copy(ROOT / name, source / name)
        elif kind == "RUN":
            command = shell_command(rest, folders)
            if os.geteuid() != 0:
                command = command.replace("--owner 10001 ", "")
            path = f"{stage / 'bin'}:{shop.environment['PATH']}"
            shop.run("bash", "-c", command, cwd=source, PATH=path)
        elif kind == "ENTRYPOINT":
            program, *words = json.loads(rest)
            words[words.index("--port") + 1] = "0"
            data = ("--data", str(folders["/data"]))
            with shop.serve(
                r"^Admin page: +(http://\S+)/$", str(stage / "bin" / program), *words, *data
            ) as url:
                httpx.get(url, trust_env=False).raise_for_status()


def action(shop: Workshop) -> None:
    """Its installation from the checkout; the other step runs in the tests."""
    (install, _) = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))["runs"]["steps"]
    words = ("--noprofile", "--norc", "-eo", "pipefail", "-c", install["run"])
    temporary = shop.folder / "runner"
    shop.run("bash", *words, RUNNER_TEMP=str(temporary), GITHUB_ACTION_PATH=str(ROOT))
    shop.run(str(temporary / "wan-conformance" / "bin" / "wan-conformance"), "run", "--help")


def hook(shop: Workshop) -> None:
    """Under pre-commit, in a repository with a good and a bad body, and another file."""
    project = shop.folder / "project"
    project.mkdir()
    shop.run("git", "init", "-q", cwd=project)
    (project / "good.json").write_text(json.dumps(GOOD))
    (project / "bad.json").write_text(json.dumps(BAD))
    (project / "notes.txt").write_text("no body")
    shop.run("git", "add", ".", cwd=project)
    words = ("try-repo", str(ROOT), "wanlib-check", "--all-files", "--verbose")
    home = str(shop.folder / "pre-commit")
    printed = shop.run("pre-commit", *words, cwd=project, PRE_COMMIT_HOME=home, code=1)
    if "wan2.7/n.max" not in printed or "good.json:\nok" not in printed or "notes.txt" in printed:
        raise ExampleError(printed)


def files(shop: Workshop) -> None:
    """The forms of the files that other programs read, by their schemas and linters."""
    shop.run("hadolint", ROOT / "Dockerfile")
    shop.run("pre-commit", "validate-manifest", ROOT / ".pre-commit-hooks.yaml")
    for name, schema in SCHEMAS.items():
        shop.run("check-jsonschema", "--builtin-schema", schema, ROOT / name)


PARTS: tuple[Callable[[Workshop], None], ...] = (
    files,
    service,
    notebook,
    batch,
    clients,
    image,
    action,
    hook,
)


def main(names: list[str]) -> int:
    """Run every part, or those that are named; return 0 if all do what they should."""
    chosen = chosen_names("part", names, [part.__name__ for part in PARTS])
    failed = 0
    with TemporaryDirectory() as folder:
        shop = Workshop(Path(folder))
        for part in PARTS:
            if part.__name__ not in chosen:
                continue
            start, result = time.monotonic(), "ok"
            try:
                part(shop)
            except ExampleError as error:
                failed, result = failed + 1, f"FAILED: {error}"
            print(f"{part.__name__}: {result} ({time.monotonic() - start:.0f} s)", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
