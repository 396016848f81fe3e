"""The possible cost of a call, the amount spent, and the caps that refuse a call before it is sent."""

from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.client.client_fixture import World
from tests.client.response_samples import TASK, choices, image, reply, results, task
from tests.client.service import CREATED, DONE, MIXED, OLD, PRO
from tests.support.api_facts import API, default_of, price_of
from wanlib.errors import (
    BudgetExceededError,
    InvalidArgumentError,
    InvalidRequestError,
    OutcomeUnknownError,
    TaskFailedError,
)

URL = ["https://example.com/a.png"]
FAILED = reply(task("FAILED", code="InternalError", message="no"))


def succeeded(*names: str) -> Any:
    return reply(
        task("SUCCEEDED", **choices({"message": {"content": [image(name) for name in names]}})["output"])
    )


DEFAULT_N = default_of("wan2.7/n")


@pytest.mark.parametrize(
    ("model", "given", "pictures"),
    [
        (PRO, {}, DEFAULT_N),  # the vendor's default of n, sent so that it is known
        (PRO, {"n": 1}, 1),
        (PRO, {"enable_sequential": True}, default_of("wan2.7/n", "sequential")),
        ("wan2.7-image", {"n": 3}, 3),
        (MIXED, {"enable_interleave": True}, default_of("wan2.6/max_images")),
        (MIXED, {"n": 2}, 2),
        (OLD, {}, default_of("wan2.5/n")),
        ("wanx2.1-imageedit", {"function": "colorization"}, default_of("wanx2.1/n")),
    ],
)
def test_the_price_is_stated_before(world: World, model: str, given: dict[str, Any], pictures: int) -> None:
    price_shown = world.wan.prepare(model, "a vase", images=URL, **given).price
    assert (price_shown.amount, price_shown.currency, price_shown.pictures) == (
        price_of(model, pictures),
        API.currency,
        pictures,
    )


def test_text_alone_on_2_6_is_one_picture_by_default(world: World) -> None:
    assert world.wan.prepare(MIXED, "a vase").price.pictures == 1
    assert world.wan.prepare(MIXED, "a vase", max_images=3).price.pictures == 3
    assert world.wan.prepare(MIXED, "a story", via="stream").price.pictures == default_of("wan2.6/max_images")


def test_none_is_not_given_so_the_price_stands(world: World) -> None:
    prepared = world.wan.prepare(PRO, "a vase", images=URL, n=None, seed=None)
    assert prepared.body["parameters"] == {"n": DEFAULT_N}
    assert prepared.price.pictures == DEFAULT_N
    with pytest.raises(InvalidRequestError, match=r"wan2\.7/prompt\.required"):
        world.wan.prepare(PRO, None, images=URL)


def test_the_price_is_that_of_the_region(world: World) -> None:
    price_shown = world.client(region="singapore").prepare(PRO, "a vase", images=URL, n=2).price
    assert price_shown.amount == price_of(PRO, 2, "singapore")


def test_only_received_pictures_count_as_spent(world: World) -> None:
    world.service.on("create", CREATED)
    world.service.on("query", succeeded("a", "b", "c"))
    result = world.do(world.wan.edit(PRO, "a vase", images=URL, n=4))
    assert (result.spent.amount, result.spent.pictures, result.is_incomplete) == (price_of(PRO, 3), 3, True)
    assert world.wan.spent == price_of(PRO, 3)


def test_a_failed_picture_and_a_failed_task_cost_nothing(world: World) -> None:
    world.service.on("create", CREATED)
    world.service.on(
        "query", reply(results({"url": "https://x.example.com/1.png"}, {"code": "C", "message": "m"}))
    )
    world.do(world.wan.edit(OLD, "dusk", images=URL, n=2))
    world.service.on("query", FAILED)
    with pytest.raises(TaskFailedError):
        world.do(world.wan.edit(PRO, "a vase", images=URL))
    assert world.wan.spent == price_of(OLD)


COULD_COST = f"could cost {price_of(PRO, DEFAULT_N)} CNY for {DEFAULT_N} pictures; max_price is"
LESS = price_of(PRO, DEFAULT_N) - Decimal("0.01")


@pytest.mark.parametrize("cap", [LESS, float(LESS), str(LESS), 0])
def test_a_call_that_could_cost_more_is_not_sent(world: World, cap: Any) -> None:
    with pytest.raises(BudgetExceededError, match=COULD_COST):
        world.do(world.wan.edit(PRO, "a vase", images=URL, max_price=cap))
    assert world.service.seen == []


def test_a_cap_that_is_just_enough(world: World) -> None:
    world.service.on("create", CREATED)
    world.service.on("query", DONE)
    world.do(world.wan.edit(PRO, "a vase", images=URL, max_price=str(price_of(PRO, DEFAULT_N))))
    assert world.service.count("create") == 1


BUDGET = price_of(PRO, 2) + Decimal("0.10")


def test_the_budget_holds_over_all_calls_of_a_client(world: World) -> None:
    world.service.on("create", CREATED)
    world.service.on("query", succeeded("a"))
    client = world.client(budget=BUDGET)
    world.do(client.edit(PRO, "a vase", images=URL, n=2))  # reserves two prices, spends one
    world.do(client.edit(PRO, "a vase", images=URL, n=1))
    with pytest.raises(BudgetExceededError, match=rf"{price_of(PRO, 2)} of the budget of {BUDGET} is taken"):
        world.do(client.edit(PRO, "a vase", images=URL, n=1))
    assert world.service.count("create") == 2


def test_a_task_under_way_holds_its_share(world: World) -> None:
    world.service.on("create", CREATED)
    client = world.client(budget=price_of(PRO, 2))
    world.do(client.submit(PRO, "a vase", images=URL, n=2))
    with pytest.raises(BudgetExceededError):
        world.do(client.submit(PRO, "a vase", images=URL, n=1))


def test_a_call_that_may_have_been_accepted_counts_as_spent(world: World) -> None:
    world.service.on("create", httpx.ReadError)
    with pytest.raises(OutcomeUnknownError):
        world.do(world.wan.submit(PRO, "a vase", images=URL, n=2))
    assert world.wan.spent == price_of(PRO, 2)


def test_a_call_that_was_refused_gives_its_share_back(world: World) -> None:
    refusal = reply({"code": "InvalidParameter", "message": "no", "request_id": "r"}, 400)
    world.service.on("create", refusal, CREATED)
    client = world.client(budget=price_of(PRO))
    with pytest.raises(InvalidRequestError, match="InvalidParameter"):
        world.do(client.submit(PRO, "a vase", images=URL, n=1))
    assert world.do(client.submit(PRO, "a vase", images=URL, n=1)).id == TASK


@pytest.mark.parametrize(
    "wrong", [True, "a lot", float("nan"), -1, [2], pytest.param(10**5000, id="a huge number")]
)
def test_a_cap_is_an_amount(world: World, wrong: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="allowed: an amount of money"):
        world.client(budget=wrong)
    with pytest.raises(InvalidArgumentError, match="allowed: an amount of money"):
        world.do(world.wan.edit(PRO, "a vase", images=URL, max_price=wrong))
