"""A day of mixed requests with faults: no task is lost, the ledger is right, nothing accumulates."""

from collections import Counter
from decimal import Decimal
from random import Random

from tests.emulator.api_client import (
    BODIES,
    INTERLEAVED,
    SPEC,
    advance,
    create,
    data_uri,
    json_of,
    links,
    messages,
    query,
    send,
)
from wanlib.emulator import Emulator, Fault, Job, Settings

FAULTS = (
    Fault("error", code="Throttling"),
    Fault("html", done=True),
    Fault("cut"),
    Fault("again", on=("async",)),
    Fault("fail", on=("async", "sync")),
    Fault("partial", on=("async",)),
)
PICTURED = messages("wan2.7-image", data_uri(300, 300))


def settled(work: Job) -> tuple[int, int]:
    """The expected booking of a job: pictures, and whether it failed."""
    if work.is_canceled:
        return 0, 0
    return work.outcome.attempted - work.outcome.failed, work.outcome.attempted == work.outcome.failed


def test_mixed_traffic_leaves_everything_in_order() -> None:
    random = Random(1)
    emulator = Emulator(settings=Settings(waiting=2, working=20, fault_rate=0.1, faults=FAULTS))
    seen: dict[str, Job] = {}
    most = 0
    for _ in range(700):
        act = random.random()
        if act < 0.4:
            body = random.choice([*BODIES.values(), PICTURED])
            create(emulator, body, random.choice(SPEC.calls(body["model"])))
            if random.random() < 0.1:
                create(emulator, INTERLEAVED, "stream")
        elif seen:
            task = random.choice([*seen])
            path = ("GET", f"/tasks/{task}") if act < 0.9 else ("POST", f"/tasks/{task}/cancel")
            assert send(emulator, *path).status < 600
        works = emulator.jobs()
        seen |= {work.id: work for work in works if work.is_canceled or work.id not in seen}
        most = max(most, len(works))
        advance(emulator, random.choice((0, 1, 60, 300)))
    advance(emulator, 100)
    kept = {work.id: work for work in emulator.jobs()}
    due = Counter[tuple[str, str]]()
    for work in (seen | kept).values():
        made, failed = settled(work)
        due.update({(work.spec.model, "accepted"): 1, (work.spec.model, "pictures"): made})
        due.update({(work.spec.model, "failed"): int(failed)})
    for account in emulator.ledger():
        for name in ("accepted", "pictures", "failed"):
            assert getattr(account, name) == due[account.model, name], (account, name)
        price = Decimal(SPEC.wire["prices"][account.model]["beijing"])
        assert Decimal(account.amount) == price * account.pictures
        assert account.accepted == account.succeeded + account.failed + account.canceled
    assert most < 600
    advance(emulator, 200_000)
    send(emulator, "GET", "/tasks/")
    assert emulator.jobs() == () and emulator.stored_bytes == (0, 0)


def test_a_task_can_be_queried_until_its_day_is_over() -> None:
    emulator = Emulator(settings=Settings(working=5))
    tasks = []
    for number in range(200):
        tasks.append(json_of(create(emulator, [*BODIES.values()][number % 5]))["output"]["task_id"])
        advance(emulator, 60)
    assert {len(links(query(emulator, task))) for task in tasks} == {2}
