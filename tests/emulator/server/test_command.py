"""`wanlib serve`: output, refused options, shutdown."""

import json
import re
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from pathlib import Path
from subprocess import DEVNULL
from time import time
from typing import Any

import httpx
import pytest

from tests.cli.conftest import in_a_process, in_process
from tests.emulator.api_client import BODIES, PLAIN, links, messages
from tests.emulator.raw_http import ASYNC, HEADERS, TASK, read_all
from tests.support.api_facts import limit_of
from tests.support.patience import PATIENCE
from wanlib.cli.commands import serve as command
from wanlib.conduct.report_file import read_report


@contextmanager
def running(*arguments: str) -> Iterator[tuple[Any, str]]:
    """The command in a separate process, and the base URL that it prints."""
    process = in_a_process("serve", "--port", "0", *arguments, stdin=DEVNULL)
    try:
        printed = ""
        while "Ctrl-C" not in printed:
            line = process.stdout.readline().decode()
            assert line, process.stderr.read()
            printed += line
        yield process, printed
    finally:
        process.kill()
        process.communicate()


def base(printed: str) -> str:
    found = re.search(r"DASHSCOPE_HTTP_BASE_URL=(\S+/api/v1)", printed)
    assert found
    return found[1]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other signals")
def test_it_serves_until_ctrl_c_which_ends_it_quietly() -> None:
    with running("--clock", "now", "--quiet") as (process, printed):
        url = base(printed)
        for due in (
            f'dashscope.base_http_api_url = "{url}"',
            f'Wan("sk-local", base_url="{url}")',
            f"curl {url}/tasks -H",
            url.removesuffix("/api/v1") + "/",
        ):
            assert due in printed
        with httpx.Client(headers=HEADERS, trust_env=False) as http:
            made = http.post(url + ASYNC, json=BODIES[PLAIN], headers=TASK).json()
            task = http.get(f"{url}/tasks/{made['output']['task_id']}").json()
            assert task["output"]["task_status"] == "SUCCEEDED" and links(task)[0].startswith(
                "http://localhost"
            )
            process.send_signal(signal.SIGINT)
            _, error = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130 and error == b""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other signals")
def test_each_request_is_a_line_and_neither_log_nor_report_holds_a_secret(tmp_path: Path) -> None:
    report, secret, prompt = tmp_path / "report.json", "sk-verysecret", "a private prompt"
    picture = "data:image/png;base64,iVBORw0KGgo" + "A" * 400
    body = messages(PLAIN, picture, prompt=prompt, n=9)
    options = ("--clock", "now", "--key", secret, "--key", "sk-other@singapore", "--report", str(report))
    with running(*options) as (process, printed):
        url = base(printed)
        assert secret not in printed and "DASHSCOPE_API_KEY=KEY" in printed
        with httpx.Client(headers={"authorization": f"Bearer {secret}"}, trust_env=False) as http:
            task = http.post(url + ASYNC, json=BODIES[PLAIN], headers=TASK).json()["output"]["task_id"]
            http.post(url + ASYNC, json=body, headers=TASK)
            http.get(f"{url}/tasks/{task}", headers={"x-wan-fault": "error code=Throttling"})
            link = links(http.get(f"{url}/tasks/{task}").json())[0]
            http.get(link.replace("localhost", httpx.URL(url).netloc.decode()))
            http.get(f"{url}/tasks", headers={"authorization": "Bearer sk-other"})
        where = httpx.URL(url)
        with socket.create_connection((where.host, where.port)) as line:
            line.sendall(b"GET /api/v1/%1b%5b31m?Signature=verysecret HTTP/1.1\r\nHost: localhost\r\n\r\n")
            line.recv(9)
        process.send_signal(signal.SIGTERM)
        _, error = process.communicate(timeout=PATIENCE)
    lines = [line.partition(" ")[2] for line in error.decode().splitlines()]
    create = "POST /api/v1/services/aigc/image-generation/generation"
    assert lines[0] == f"{create} 200 task={task}"
    assert lines[1].startswith(f"{create} 400 ") and "wan2.7/n.max;rejected" in lines[1]
    assert lines[2] == f"GET /api/v1/tasks/{task} 429 fault=error"
    assert lines[3] == f"GET /api/v1/tasks/{task} 200 task={task}"
    assert lines[4] == f"GET /results/{task}/0.png 200"
    assert lines[5] == "GET /api/v1/tasks 401 wire/regions;rejected"
    assert lines[6] == r"GET /api/v1/\x1b[31m 404"
    findings = error.decode().splitlines()[7:]
    names = [line.partition(":")[0] for line in findings]
    assert names == ["client/backs-off", "client/no-key-to-storage", "report"]
    written = report.read_text()
    record = read_report(json.loads(written))
    assert [exchange.call for exchange in record.exchanges[:4]] == ["async", "async", "query", "query"]
    assert [job.id for job in record.jobs] == [task]
    for hidden in (secret, "sk-other", "Signature", "verysecret", "iVBOR", "AAAA", prompt):
        assert hidden not in error.decode() and hidden not in written


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other signals")
def test_a_call_under_way_does_not_hold_it_up() -> None:
    slow = ("--working", "inf", "--faults", "trickle pace=100", "--fault-rate", "1", "--quiet")
    with running(*slow) as (process, printed):
        where = httpx.URL(base(printed))
        with socket.create_connection((where.host, where.port)) as line:
            line.sendall(b"GET /api/v1/tasks/ HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer k\r\n\r\n")
            assert line.recv(9) == b"HTTP/1.1 "
            process.send_signal(signal.SIGINT)
            _, error = process.communicate(timeout=PATIENCE)
            assert read_all(line).rest == b""  # a head whose body was still to come
    assert process.returncode == 130 and error == b""


def test_a_port_in_use_is_reported_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = in_process("serve", "--port", str(port))
    assert ran.code == 2 and ran.out == ""
    assert ran.err.count("\n") == 1 and f"127.0.0.1:{port}: " in ran.err and "--port 0" in ran.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--region", "mars"), "--region 'mars': unknown region; known: beijing, singapore"),
        (
            ("--key", "sk-a@mars"),
            "--key: unknown region 'mars'; expected KEY or KEY@REGION",
        ),
        (("--key", "@beijing"), "--key: the key is empty"),
        (("--faults", "explode"), "unknown fault 'explode', expected one of error"),
        (("--waiting", "-1"), "--waiting is -1.0; expected 0 or more"),
        (("--working", "nan"), "--working is nan"),
        (("--ahead", "nan"), "--ahead is nan"),
        (("--ahead", "60", "--clock", "manual"), "--ahead: a manual clock is set on the admin page"),
        (("--mutant", "wan2.7/n.maxx"), "--mutant 'wan2.7/n.maxx': "),
        (("--data", "/dev/null"), "--data: /dev/null "),
        (("--spec", "/nowhere"), "--spec /nowhere: no such folder"),
        (("--host", "192.0.2.1"), "192.0.2.1:8686: "),
        (("--host", "no such host"), "no such host:8686: "),
    ],
)
def test_invalid_options_are_reported_in_one_line(arguments: tuple[str, ...], words: str) -> None:
    ran = in_process("serve", *arguments)
    assert ran.code == 2 and words in ran.err and ran.err.count("\n") == 1


@pytest.mark.parametrize("arguments", [("--clock", "noon"), ("--port", "70000"), ("--fault-rate", "2")])
def test_bad_usage_is_usage(arguments: tuple[str, ...]) -> None:
    assert in_process("serve", *arguments).code == 2


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "find_spec", lambda name: None if name == "uvicorn" else object())
    ran = in_process("serve")
    assert ran.code == 2 and ran.err == "wanlib: this needs uvicorn: pip install 'wanlib[emulator]'\n"


def test_the_clock_of_the_emulator_may_be_ahead_or_behind() -> None:
    from wanlib.cli.commands.serve import EmulatorOptions
    from wanlib.emulator import Request
    from wanlib.spec import load

    for ahead in (180.0, -180.0):
        emulator = EmulatorOptions(ahead=ahead).emulator(load())
        date = emulator.handle(Request("GET", "/", {})).header("date")
        assert parsedate_to_datetime(date or "").timestamp() - time() == pytest.approx(ahead, abs=5)
        emulator.close()


def test_the_options_reach_the_emulator() -> None:
    from wanlib.cli.commands.serve import ChoiceLayout, ClockKind, EmulatorOptions, FailureCodePlacement
    from wanlib.emulator import ManualClock, RealClock, Settings
    from wanlib.emulator.core.fault import Fault
    from wanlib.spec import load

    faults = ["cut where=inside", "error code=Throttling"]
    playing = EmulatorOptions(
        seed=7,
        clock=ClockKind.MANUAL,
        waiting=3.0,
        working=float("inf"),
        region="singapore",
        quotas=True,
        faults=faults,
        fault_rate=0.5,
        failed=FailureCodePlacement.FLAT,
        several=ChoiceLayout.EACH,
    )
    assert playing.settings(load()) == Settings(
        waiting=3.0,
        working=float("inf"),
        region="singapore",
        local_images=False,
        failure_codes="flat",
        choice_layout="each",
        quotas=True,
        fault_rate=0.5,
        faults=(Fault("cut", where="inside"), Fault("error", code="Throttling")),
    )
    assert EmulatorOptions(local_images=True).settings(load()).local_images
    assert isinstance(playing.emulator(load()).clock, ManualClock)
    assert isinstance(EmulatorOptions().emulator(load()).clock, RealClock)
    plain = EmulatorOptions().settings(load())
    assert plain.waiting + plain.working <= 2 and plain.fault_rate == 0
    now = EmulatorOptions(clock=ClockKind.NOW).settings(load())
    assert now.waiting == now.working == 0


def test_an_injected_fault_is_served() -> None:
    from wanlib.cli.commands.serve import EmulatorOptions
    from wanlib.spec import interpret, load

    body = {**BODIES[PLAIN], "parameters": {"n": limit_of("wan2.7/n.max") + 1}}
    spec = load()
    injected = EmulatorOptions(mutant="wan2.7/n.max").emulator(spec).spec
    assert [each.rule for each in interpret(spec, body)] == ["wan2.7/n.max"]
    assert interpret(injected, body) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other signals")
def test_a_folder_survives_the_process(tmp_path: Path) -> None:
    kept = ("--data", str(tmp_path / "kept"), "--clock", "now")
    with running(*kept) as (_, printed), httpx.Client(headers=HEADERS, trust_env=False) as http:
        made = http.post(base(printed) + ASYNC, json=BODIES[PLAIN], headers=TASK).json()["output"]["task_id"]
    with running(*kept) as (_, printed), httpx.Client(headers=HEADERS, trust_env=False) as http:
        output = http.get(f"{base(printed)}/tasks/{made}").json()["output"]
    assert output["task_status"] == "SUCCEEDED"
