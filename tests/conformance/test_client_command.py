"""`wan-conformance client`: our clients pass in simulated time, commands run in real time, within a bound."""

import json
import os
import select
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from threading import Event

import pytest
from typer.testing import CliRunner
from wan_conformance.cli.commands import app
from wan_conformance.conduct.adapters import (
    Adapter,
    InProcessService,
    NoPicturesError,
    UnsupportedOrderError,
    async_wan_adapter,
    wan_adapter,
)
from wan_conformance.conduct.commands import run_command
from wan_conformance.conduct.orders import ClientOrder
from wan_conformance.conduct.run import count_pictures, run_adapter_scenario, run_command_scenario, summarize
from wan_conformance.conduct.scenarios import ConductScenario, scenarios

from tests.conduct.simple_client import FLAWS, FailedError, Given, SimpleClient
from tests.support.patience import DEADLINES, PATIENCE
from wanlib.boundary.images import encode_image
from wanlib.conduct.rules import RULES
from wanlib.emulator import Settings
from wanlib.spec import load

ROOT = Path(__file__).parents[2]
CLIENTS = ROOT / "examples" / "clients"
SPEC = load()
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="process groups are those of POSIX")


@pytest.mark.parametrize("adapter", [wan_adapter, async_wan_adapter])
def test_our_clients_break_no_rule_in_any_scenario(adapter: type[Adapter]) -> None:
    results = [run_adapter_scenario(adapter(), scenario, SPEC) for scenario in scenarios(SPEC).values()]
    assert all(result.run is not None for result in results)
    for summary in summarize(results):
        assert summary.verdict == "kept", (summary.rule, [str(finding) for _, finding in summary.findings])
    # Where a careful client has its pictures, ours has all of them.
    for result in results:
        if result.scenario.succeeds:
            assert result.run is not None and result.run.saved == result.scenario.order.picture_count


def simple_adapter(flaw: str) -> Adapter:
    def run(order: ClientOrder, service: InProcessService) -> int:
        if order.call != "async" or not order.model.startswith("wan2.7"):
            raise UnsupportedOrderError
        with service.http_client() as http:
            given = Given(service.base_url, service.key, http, service.clock.now, service.clock.sleep)
            try:
                pictures = SimpleClient(given, flaw).run(
                    order.model, order.prompt, order.picture_count, order.timeout
                )
            except FailedError as error:
                raise NoPicturesError(str(error)) from error
        for number, picture in enumerate(pictures, 1):
            (order.out / f"{number}.png").write_bytes(picture)
        return len(pictures)

    return run


@pytest.mark.parametrize("flaw", ["", *FLAWS])
def test_the_scenarios_find_each_injected_flaw(flaw: str) -> None:
    results = [
        run_adapter_scenario(simple_adapter(flaw), scenario, SPEC) for scenario in scenarios(SPEC).values()
    ]
    broken = {summary.rule for summary in summarize(results) if summary.findings}
    assert broken == set() if not flaw else FLAWS[flaw] in broken
    assert {result.scenario.name for result in results if result.run is None} >= {"stream", "results"}


GOOD_DAY = scenarios(SPEC)["good-day"]
QUICK = GOOD_DAY._replace(settings=Settings(), order=GOOD_DAY.order._replace(timeout=20.0))


@POSIX
@pytest.mark.parametrize("words", ["bash curl-client.sh", "node node-client.mjs"])
def test_a_careful_client_in_another_language_breaks_no_rule(words: str) -> None:
    program, name = words.split()
    if not shutil.which("curl") or not shutil.which(program):
        pytest.skip(f"curl or {program} is missing")
    lost = scenarios(SPEC)["lost-answer"]
    several = scenarios(SPEC)["results"]._replace(settings=Settings())
    for scenario in (several, lost):
        result = run_command_scenario([program, str(CLIENTS / name)], scenario, SPEC, Event())
        assert result.report is not None and result.report.is_clean, [*result.report.lines(), *result.output]
        assert result.run is not None and result.run.saved == (3 if scenario is several else 0)


def in_python(code: str) -> list[str]:
    return [sys.executable, "-S", "-c", code]


@POSIX
def test_a_command_that_does_not_end_is_stopped_with_all_that_it_started(tmp_path: Path) -> None:
    mark = tmp_path / "child"
    code = (
        "import os, pathlib, signal, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('key', os.environ['DASHSCOPE_API_KEY'], 'https://x/y?Signature=abc', flush=True)\n"
        "if os.fork() == 0:\n"
        f"    pathlib.Path({str(mark)!r}).write_text(str(os.getpid()))\n"
        "time.sleep(600)"
    )
    for seconds in DEADLINES:
        end = run_command(in_python(code), {"DASHSCOPE_API_KEY": "sk-secret"}, seconds, "sk-secret", Event())
        assert end.code is None and end.seconds >= seconds
        if mark.exists() and mark.read_text():  # it had the time to start
            break
    assert end.output[0] == "key … https://x/y?…"
    with suppress(ProcessLookupError):
        child = os.pidfd_open(int(mark.read_text()))
        assert select.select([child], [], [], PATIENCE)[0], "it goes on"
        os.close(child)


@POSIX
def test_an_interruption_stops_a_command() -> None:
    stop = Event()
    stop.set()
    end = run_command(in_python("import time; time.sleep(600)"), {}, 60.0, "sk-secret", stop)
    assert end.code is None and end.seconds < 60


@pytest.mark.parametrize(
    ("code", "rule", "scenario"),
    [
        ("raise SystemExit(77)", "", QUICK),
        ("pass", "client/reports-the-outcome", QUICK),
        ("raise SystemExit(1)", "client/reports-the-outcome", QUICK),
    ],
)
def test_the_exit_code_is_judged(code: str, rule: str, scenario: ConductScenario) -> None:
    result = run_command_scenario(in_python(code), scenario, SPEC, Event())
    if not rule:
        assert result.report is None and result.run is None
        return
    assert result.report is not None
    assert {finding.rule for finding in result.report.findings} == {rule}


def test_only_complete_image_files_count_as_pictures(tmp_path: Path) -> None:
    picture = encode_image("png", 512, 512)
    (tmp_path / "inside").mkdir()
    for name, content in {
        "inside/1.png": picture,
        "2.jpg": encode_image("jpeg", 64, 64),
        "half.png": picture[:-60],
        "refused.png": b"<Error><Code>AccessDenied</Code></Error>",
        "empty.png": b"",
    }.items():
        (tmp_path / name).write_bytes(content)
    assert count_pictures(tmp_path) == 2


def invoke(*arguments: str) -> tuple[int, str, str]:
    ran = CliRunner().invoke(app, ["client", *arguments], prog_name="wan-conformance")
    return ran.exit_code, ran.stdout, ran.stderr


def test_the_command_reports_text_and_json(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_adapter.py").write_text(
        "from wan_conformance.conduct.adapters import wan_adapter\n"
        "def careless():\n"
        "    def run(order, service):\n"
        "        wan_adapter()(order, service)\n"
        "        return wan_adapter()(order, service)\n"
        "    return run\n"
    )
    adapter = ("--adapter", "my_adapter:careless")
    code, out, _ = invoke(*adapter, "--scenario", "good-day")
    assert code == 1 and "paid 2 times for 1 call" in out and "accepted as task" in out
    code, out, _ = invoke(*adapter, "--scenario", "good-day", "--json")
    printed = json.loads(out)
    assert code == 1 and {row["rule"] for row in printed["rules"]} == RULES.keys()
    broken = [row for row in printed["rules"] if row["verdict"] == "broken"]
    assert broken[0]["rule"] == "client/never-pays-twice" and broken[0]["findings"][0]["story"]
    code, out, _ = invoke(
        "--adapter", "wan_conformance.conduct.adapters:wan_adapter", "--scenario", "moderation"
    )
    assert code == 0 and "no rule is broken" in out
    code, out, _ = invoke("--list")
    assert code == 0 and len(out.splitlines()) == len(scenarios(SPEC))


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((), "no command"),
        (("--", "no-such-command-here"), "no-such-command-here: no such command"),
        (("--scenario", "rainy-day"), "unknown scenario 'rainy-day'"),
        (("--adapter", "nothing"), "expected module:factory"),
        (("--adapter", "no_such_module:x"), "ModuleNotFoundError"),
        (("--adapter", "json:dumps"), "TypeError"),
        (("--adapter", "wan_conformance.conduct.adapters:wan_adapter", "--", "x"), "state one of them"),
        (
            ("--adapter", "wan_conformance.conduct.adapters:wan_adapter", "--sdk", "pinned=python"),
            "state one of them",
        ),
        (("--list", "--sdk", "oldest=python"), "--sdk is 'oldest=python'; allowed: NAME=PYTHON"),
        (("--json", "--sdk", "pinned=python"), "--json: not possible with --sdk"),
    ],
)
def test_usage_errors_are_named(arguments: tuple[str, ...], text: str) -> None:
    code, out, error = invoke(*arguments)
    assert code == 2 and out == "" and text in error and "Traceback" not in error
