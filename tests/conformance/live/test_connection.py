"""A probe over a real socket: a separate connection for each request, and no connection at all."""

import socket
from decimal import Decimal
from pathlib import Path

import pytest
from wan_conformance.live.connection import http_send, live_server
from wan_conformance.live.ledger import ProbeLedger
from wan_conformance.live.probe import Probe
from wan_conformance.live.sender import LiveSender
from wan_conformance.targets.server.remote import ServerUnreachableError

from tests.conformance.servers import serving
from wanlib.base.clock import ManualClock
from wanlib.emulator import Emulator, Settings
from wanlib.spec import load

BODY = {
    "model": "wan2.7-image",
    "input": {"messages": [{"role": "user", "content": [{"text": "A bridge"}]}]},
    "parameters": {"n": 1},
}


def test_a_probe_over_http(tmp_path: Path) -> None:
    clock = ManualClock()
    emulator = Emulator(load(), settings=Settings(waiting=2.0), clock=clock)
    ledger = ProbeLedger(tmp_path / "ledger", Decimal(5), "CNY")
    with serving(emulator) as url, http_send(url, 60) as send:
        sender = LiveSender(
            load(), live_server(load(), send, url, "sk-local-key", clock), ledger, clock, None
        )
        answer = sender.send(Probe("probe", "wan2.7-image", BODY, "async", (), "accepted"))
    assert (answer.accepted, answer.task_status) == (True, "CANCELED")
    assert ledger.totals().taken == 0
    ledger.close()


def test_no_connection_sends_nothing(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with http_send(url, 60) as send, pytest.raises(ServerUnreachableError):
            live_server(load(), send, url, "sk-local-key", ManualClock())
