"""A gateway of 60 lines with five faults: the harness names each by its rule or check, and no other."""

from pathlib import Path

import pytest
from typer.testing import CliRunner
from wan_conformance.cli.commands import app
from wan_conformance.model import FAILING
from wan_conformance.report.log import read_log

from tests.examples.gateway_server import FAULTS, GATEWAY, gateway

PARTS = [f"--case={glob}" for glob in ("server:*", "edge:wan2.7/n.max/*", "task:*:wan2.7-image")]


def judge(fault: str, folder: Path) -> tuple[int, set[str], str]:
    """Return the exit code, the ids of rules and checks that fail, and the output."""
    with gateway(fault) as url:
        words = ["run", "--target", "http", "--base-url", url, "--report", str(folder)]
        result = CliRunner().invoke(app, [*words, *PARTS])
    verdicts = read_log(folder / "verdicts.ndjson").verdicts
    failing = {verdict.rule or verdict.case for verdict in verdicts if verdict.verdict in FAILING}
    return result.exit_code, failing, result.output


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_named(fault: str, tmp_path: Path) -> None:
    code, failing, output = judge(fault, tmp_path)
    assert code == 1 and FAULTS[fault] in failing and FAULTS[fault] in output
    if fault == "drops-the-async-header":  # without it no task can be created at all
        assert "the server: the header X-DashScope-Async does not arrive: 403 'AccessDenied'" in output
    else:
        assert failing == {FAULTS[fault]}


def test_the_mended_gateway_conforms(tmp_path: Path) -> None:
    code, failing, output = judge("", tmp_path)
    assert (code, failing) == (0, set()) and output.splitlines()[-2] == "conforms"


def test_the_gateway_is_small() -> None:
    assert len((GATEWAY / "gateway.py").read_text("utf-8").splitlines()) <= 60
