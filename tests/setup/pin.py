"""Write constraints.txt: one version of every package that a make target installs.

`make pin` runs it and stores the output. Each interpreter resolves the requirements by itself; a package gets
an environment marker only where the interpreters need different versions.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
HEADER = """\
# One tested version of every package that the make targets install. `make pin` writes this file.
"""
EDITABLE_BUILD = ["editables"]
"""The additional requirements of hatchling for an editable installation."""

Pins = dict[str, str]


def main() -> int:
    """Print the constraints; return 2 if an interpreter of the list cannot be used."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pythons", nargs="+", help="interpreters to resolve for")
    parser.add_argument(
        "--also", action="append", default=[], help="a requirement resolved apart from the others"
    )
    arguments = parser.parse_args()
    pins: dict[tuple[int, int], Pins] = {}
    for python in arguments.pythons:
        try:
            pins[_version(python)] = _resolve_all(python, arguments.also)
        except (OSError, subprocess.CalledProcessError) as error:
            print(
                f"{python} cannot resolve the requirements: {error}. Install it, or set PYTHONS.",
                file=sys.stderr,
            )
            return 2
    print(HEADER, *constraint_lines(pins), sep="", end="")
    return 0


def constraint_lines(pins: Mapping[tuple[int, int], Pins]) -> Iterator[str]:
    """Yield the lines in alphabetical order.

    Args:
        pins: for each Python version, the resolved version of each package by normalized name.
    """
    pythons = sorted(pins)
    for name in sorted({name for resolved in pins.values() for name in resolved}):
        groups: list[tuple[str, list[tuple[int, int]]]] = []
        for python in pythons:
            version = pins[python].get(name)
            if version and groups and groups[-1][0] == version:
                groups[-1][1].append(python)
            elif version:
                groups.append((version, [python]))
        for number, (version, group) in enumerate(groups):
            first, last = number == 0, number == len(groups) - 1
            bounds = [] if first else [f'python_version >= "{_dotted(group[0])}"']
            bounds += [] if last else [f'python_version < "{_dotted(groups[number + 1][1][0])}"']
            yield f"{name}=={version}" + (" ; " + " and ".join(bounds) if bounds else "") + "\n"


def normalize(name: str) -> str:
    """Return a package name as the packaging specifications normalize it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _resolve_all(python: str, also: Sequence[str]) -> Pins:
    """Resolve the project with every extra and its build backend, then each of `also` with those versions."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([python, "-m", "venv", folder], check=True)
        pip = f"{folder}/bin/python"
        every = f".[{','.join(project['project']['optional-dependencies'])}]"
        pins = _resolve(pip, [every, *project["build-system"]["requires"], *EDITABLE_BUILD], {}, folder)
        del pins[normalize(project["project"]["name"])]
        for requirement in also:
            own = normalize(re.split(r"[=<>!~ ]", requirement)[0])
            rest = {name: version for name, version in pins.items() if name != own}
            pins = _resolve(pip, [requirement], rest, folder) | pins
    return pins


def _resolve(python: str, requirements: Sequence[str], pins: Pins, folder: str) -> Pins:
    """Return what pip would install for the requirements, with the versions of `pins` where it needs them."""
    report, constraints = Path(folder) / "report.json", Path(folder) / "constraints.txt"
    constraints.write_text("".join(f"{name}=={version}\n" for name, version in pins.items()), "utf-8")
    command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--dry-run"]
    command += [
        "--ignore-installed",
        "--report",
        str(report),
        "--constraint",
        str(constraints),
        *requirements,
    ]
    subprocess.run(command, check=True, cwd=ROOT, stdout=sys.stderr)
    installed = json.loads(report.read_text("utf-8"))["install"]
    return {normalize(item["metadata"]["name"]): item["metadata"]["version"] for item in installed}


def _version(python: str) -> tuple[int, int]:
    code = "import sys; print(*sys.version_info[:2])"
    printed = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout
    major, minor = map(int, printed.split())
    return major, minor


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"


if __name__ == "__main__":
    sys.exit(main())
