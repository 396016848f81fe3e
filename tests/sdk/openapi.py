"""`python -m tests.sdk.openapi`: Schemathesis with the exported OpenAPI against `wanlib serve`.

Exit codes: 0 if there is no server error and every response matches the document; else that of Schemathesis.
"""

import json
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.sdk.emulator_process import run_emulator
from wanlib.emit.schema.openapi import openapi
from wanlib.spec import load

# Left out: what no source states (405 for other methods), and what the emulator does not do (check keys).
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "missing_required_header",
)
CLOCKS = (("--clock", "now"), ("--clock", "manual", "--waiting", "1"))
"""Tasks that have ended when they are queried, and tasks that stay PENDING, which can be canceled."""


def main() -> int:
    """Run Schemathesis with each clock and return the highest exit code."""
    parser = ArgumentParser(prog="tests.sdk.openapi", description=__doc__)
    parser.add_argument("--examples", type=int, default=50, help="how many requests are drawn for each call")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    return max(_run(arguments.examples, arguments.seed, options) for options in CLOCKS)


def _run(examples: int, seed: int, options: Sequence[str]) -> int:
    with TemporaryDirectory() as folder, run_emulator(*options) as base:
        document = Path(folder, "openapi.json")
        document.write_text(json.dumps(openapi(load())), "utf-8")
        command = [sys.executable, "-m", "schemathesis.cli", "run", str(document), "--url", base]
        command += ["--header", "Authorization: Bearer sk-local", "--checks", ",".join(CHECKS)]
        command += ["--max-examples", str(examples), "--seed", str(seed)]
        command += ["--suppress-health-check", "all", "--continue-on-failure"]
        return subprocess.run(command, cwd=folder).returncode


if __name__ == "__main__":
    sys.exit(main())
