"""The record: its bounds, responses that a client did not wait for, and jobs of other clients."""

import json
from threading import Event
from typing import Any

import httpx
import pytest

from tests.conduct.test_rules import KEY, START
from tests.emulator.api_client import BASE, BODIES, PLAIN, create, query, submit
from tests.emulator.raw_http import SYNC, connect, request
from tests.support.patience import PATIENCE
from wanlib.base.clock import ManualClock, RealClock
from wanlib.conduct.judge import judge
from wanlib.conduct.record import intent_fingerprint
from wanlib.emulator import Emulator, Fault, Response, Settings
from wanlib.emulator.server.serve import run_in_thread
from wanlib.emulator.transport import EmulatorTransport
from wanlib.spec import load

SPEC = load()


def rules(emulator: Emulator) -> set[str]:
    return {finding.rule for finding in judge(emulator.record(), SPEC).findings}


def test_the_record_is_bounded_and_jobs_that_it_has_in_part_are_not_judged() -> None:
    emulator = Emulator(SPEC, settings=Settings(max_recorded=5), clock=(clock := ManualClock(START)))
    tasks = []
    for _ in range(4):
        tasks.append(submit(emulator, BODIES[PLAIN]))
        clock.advance(1)
        query(emulator, tasks[-1])
        clock.advance(1)
    record = emulator.record()
    assert len(record.exchanges) == 5 and record.exchanges[-1].number == 8
    findings = judge(record, SPEC).findings
    assert {finding.task for finding in findings} == set(tasks[-2:])
    assert all(finding.rule == "client/fetches-what-it-paid-for" for finding in findings)


def post(http: httpx.Client, url: str, timeout: float) -> None:
    headers = {"authorization": f"Bearer {KEY}"}
    http.post(f"{url}{BASE}{SYNC}", json=BODIES[PLAIN], headers=headers, timeout=timeout)


class WatchedEmulator(Emulator):
    """Says when it has noted that a client left."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.lost = Event()

    def lose_response(self, response: Response) -> None:
        super().lose_response(response)
        self.lost.set()


def test_a_call_that_is_sent_again_after_a_client_hung_up_is_paid_twice() -> None:
    emulator = WatchedEmulator(SPEC, clock=RealClock(), settings=Settings(working=float("inf")))
    body = json.dumps(BODIES[PLAIN]).encode()
    sent = request("POST", BASE + SYNC, body, authorization=f"Bearer {KEY}")
    with run_in_thread(emulator) as url:
        for number in (1, 2):
            with connect(url) as line:
                line.sendall(sent)
                while len(emulator.jobs()) < number:
                    pass
            assert emulator.lost.wait(PATIENCE)
            emulator.lost.clear()
    assert rules(emulator) == {"client/never-pays-twice"}


def test_the_same_holds_in_process() -> None:
    clock = ManualClock(START)
    emulator = Emulator(SPEC, clock=clock)
    emulator.faults.queue([Fault("silent", done=True)])
    with httpx.Client(transport=EmulatorTransport(emulator, clock.sleep)) as http:
        with pytest.raises(httpx.ReadTimeout):
            post(http, "http://emulator", 5.0)
        post(http, "http://emulator", 5.0)
    assert rules(emulator) == {"client/never-pays-twice", "client/fetches-what-it-paid-for"}


@pytest.mark.parametrize(
    ("fault", "jobs", "broken"),
    [
        (Fault("again"), 2, set()),
        (Fault("neighbour"), 1, set()),
        (Fault("error", code="Throttling", done=True), 1, set()),
        (Fault("cut", where="unread"), 0, set()),
        (Fault("cut", where="after"), 1, set()),
        (Fault("cut", where="before"), 1, {"client/never-pays-twice"}),
        (Fault("cut", where="inside"), 1, {"client/never-pays-twice"}),
        (Fault("html", done=True), 1, {"client/never-pays-twice"}),
        (Fault("error", status=503, done=True), 1, {"client/never-pays-twice", "client/backs-off"}),
        (Fault("inside", done=True), 1, {"client/never-pays-twice"}),
    ],
)
def test_only_facts_known_to_a_client_count_against_it(fault: Fault, jobs: int, broken: set[str]) -> None:
    emulator = Emulator(SPEC, clock=(clock := ManualClock(START)))
    emulator.faults.queue([fault])
    create(emulator, BODIES[PLAIN])
    clock.advance(0.0 if fault.status else 5)
    assert len(emulator.record().exchanges[0].jobs) == jobs
    create(emulator, BODIES[PLAIN])
    tasks = {"client/leaves-no-task", "client/backs-off"} - broken
    assert rules(emulator) - tasks == broken


def body(text: str, image: str, **more: Any) -> bytes:
    return json.dumps({"input": {"prompt": text, "images": [image]}, **more}).encode()


def test_an_intent_is_the_same_if_its_image_was_uploaded_again() -> None:
    one = intent_fingerprint(body("A cat", "oss://folder-1/cat.png", parameters={"n": 1}))
    assert one == intent_fingerprint(body("A cat", "oss://folder-2/cat.png", parameters={"n": 1}))
    assert one == intent_fingerprint(body("A cat", "https://host/x/cat.png?Signature=1", parameters={"n": 1}))
    assert one != intent_fingerprint(body("A cat", "oss://folder-1/dog.png", parameters={"n": 1}))
    assert one != intent_fingerprint(body("A dog", "oss://folder-1/cat.png", parameters={"n": 1}))
    assert intent_fingerprint(b"no JSON") != intent_fingerprint(b"no JSON either")
