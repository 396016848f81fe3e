"""The ledger books acceptance, end and price of each job; rate limits apply when they are on."""

from decimal import Decimal

import pytest

from tests.emulator.api_client import (
    BODIES,
    OLDER,
    PLAIN,
    PRO,
    SPEC,
    advance,
    create,
    json_of,
    messages,
    send,
    status,
    submit,
)
from tests.support.api_facts import limit_of, price_of
from wanlib.emulator import Account, Emulator, Settings

NEVER = float("inf")


def account(emulator: Emulator, model: str) -> Account:
    return next(each for each in emulator.ledger() if each.model == model)


@pytest.mark.parametrize("region", ["beijing", "singapore"])
def test_only_pictures_of_succeeded_work_are_billed(region: str) -> None:
    emulator = Emulator(settings=Settings(region=region))
    for fault in ("again", "fail", "partial count=3"):
        create(emulator, messages(PRO, n=4), x_wan_fault=fault)
    create(emulator, messages(PRO, n=limit_of("wan2.7/n.max") + 1))  # refused
    booked = account(emulator, PRO)
    assert booked[1:6] == (4, 3, 1, 0, 9)
    assert Decimal(booked.amount) == price_of(PRO, 9, region)


def test_work_is_billed_when_it_ends_and_not_before() -> None:
    emulator = Emulator(settings=Settings(waiting=5, working=5))
    task = submit(emulator, messages(PLAIN, n=1))
    canceled = submit(emulator, messages(PLAIN, n=1))
    send(emulator, "POST", f"/tasks/{canceled}/cancel")
    assert account(emulator, PLAIN) == Account(PLAIN, accepted=2, canceled=1)
    advance(emulator, 10)
    assert account(emulator, PLAIN) == Account(PLAIN, 2, 1, 0, 1, 1, str(price_of(PLAIN)))
    advance(emulator, 100_000)
    assert status(emulator, task) == "UNKNOWN" and account(emulator, PLAIN).amount == str(price_of(PLAIN))


def test_a_manually_completed_job_is_booked_once() -> None:
    emulator = Emulator(settings=Settings(working=50))
    emulator.complete_task(submit(emulator, messages(PLAIN, n=2)))
    emulator.complete_task(submit(emulator, messages(PLAIN, n=2)), "InternalError")
    for _ in range(2):
        assert account(emulator, PLAIN) == Account(PLAIN, 2, 1, 1, 0, 2, str(price_of(PLAIN, 2)))
        advance(emulator, 100)


def test_every_task_is_booked_even_where_the_day_passes_at_once() -> None:
    emulator = Emulator(settings=Settings(working=50))
    submit(emulator, messages(PLAIN, n=2))
    advance(emulator, 1_000_000)
    send(emulator, "GET", "/tasks/")
    assert not emulator.jobs() and account(emulator, PLAIN).pictures == 2


def test_submissions_a_second_are_limited_for_each_model() -> None:
    emulator = Emulator(settings=Settings(quotas=True))
    rate = SPEC.wire["rates"][PLAIN]["submit_per_second"]
    assert [create(emulator, BODIES[PLAIN]).status for _ in range(rate + 1)] == [200] * rate + [429]
    assert create(emulator, BODIES[OLDER]).status == 200
    advance(emulator, 0.999)
    refused = create(emulator, BODIES[PLAIN])
    assert json_of(refused)["code"] == "Throttling.RateQuota"
    advance(emulator, 0.001)
    assert create(emulator, BODIES[PLAIN]).status == 200
    free = Emulator()
    assert {create(free, BODIES[PLAIN]).status for _ in range(50)} == {200}


def test_queries_a_second_are_limited() -> None:
    emulator = Emulator(settings=Settings(quotas=True))
    rate = SPEC.wire["account_rates"]["query"]
    assert [send(emulator, "GET", "/tasks/1").status for _ in range(rate + 1)] == [200] * rate + [429]
    assert send(emulator, "GET", "/tasks/").status == 200  # has a limit of its own


def test_no_more_tasks_run_than_may() -> None:
    emulator = Emulator(settings=Settings(quotas=True, working=10))
    tasks = []
    for _ in range(12):
        tasks.append(submit(emulator, BODIES["wanx2.1-imageedit"]))
        advance(emulator, 0.5)
    states = [status(emulator, task) for task in tasks]
    running = SPEC.wire["rates"]["wanx2.1-imageedit"]["running"]
    assert states == ["RUNNING"] * running + ["PENDING"] * (12 - running)
    advance(emulator, 5)
    assert [status(emulator, task) for task in tasks].count("RUNNING") == running


def test_a_task_that_is_canceled_or_ended_makes_room() -> None:
    emulator = Emulator(settings=Settings(quotas=True, working=10))
    first, second = (submit(emulator, BODIES["wanx2.1-imageedit"]) for _ in range(2))
    advance(emulator, 1)
    emulator.complete_task(first)
    assert status(emulator, submit(emulator, BODIES["wanx2.1-imageedit"])) == "RUNNING"
    assert status(emulator, second) == "RUNNING"
