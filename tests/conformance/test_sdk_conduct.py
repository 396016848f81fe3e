"""The official SDK through the scenarios: its findings are those that are known (all with `make clients`)."""

from pathlib import Path

import pytest
from wan_conformance.conduct.adapters import UnsupportedOrderError, sdk_adapter
from wan_conformance.conduct.known import SDK_FINDINGS, differences
from wan_conformance.conduct.run import run_adapter_scenario
from wan_conformance.conduct.scenarios import scenarios

from wanlib.conduct.rules import RULES
from wanlib.spec import load

ROOT = Path(__file__).parents[2]
SPEC = load()
SAMPLE = ("good-day", "busy-polls", "lost-answer", "endless-task")


@pytest.mark.parametrize("name", SDK_FINDINGS)
def test_the_findings_about_the_sdk_are_those_that_are_known(name: str) -> None:
    python = ROOT / f".venv/.parity-{name.removeprefix('sdk-')}/bin/python"
    if not python.exists():
        pytest.skip("this version of the SDK is not installed: make clients installs it")
    table = scenarios(SPEC)
    with sdk_adapter(name, python) as adapter:
        results = [run_adapter_scenario(adapter, table[scenario], SPEC) for scenario in SAMPLE]
    assert [*differences(name, results)] == []


@pytest.mark.parametrize("name", SDK_FINDINGS)
def test_known_findings_name_rules_and_scenarios_and_a_difference_is_named(name: str) -> None:
    table = scenarios(SPEC)
    for known in SDK_FINDINGS[name]:
        assert known.rule in RULES and set(known.scenarios) <= table.keys() and known.why

    def offers_nothing(*_: object) -> int:
        raise UnsupportedOrderError

    results = [run_adapter_scenario(offers_nothing, table["busy-polls"], SPEC)]
    assert [*differences(name, results)] == [
        f"{name}: no longer: client/leaves-no-task in busy-polls",
        f"{name}: no longer: client/reports-the-outcome in busy-polls",
    ]
    results = [run_adapter_scenario(lambda *_: 1, table["good-day"], SPEC)]
    assert [*differences(name, results)] == [f"{name}: new: client/reports-the-outcome in good-day"]
