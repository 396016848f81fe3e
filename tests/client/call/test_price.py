"""What a call would cost, what was spent, and the caps that refuse a call before it is sent."""

from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.client.client_fixture import World
from tests.client.response_samples import TASK, choices, image, reply, results, task
from tests.client.service import CREATED, DONE, MIXED, OLD, PRO
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


@pytest.mark.parametrize(
    ("model", "given", "price", "pictures"),
    [
        (PRO, {}, "2.00", 4),  # the vendor's default of n, sent so that it is known
        (PRO, {"n": 1}, "0.50", 1),
        (PRO, {"enable_sequential": True}, "6.00", 12),
        ("wan2.7-image", {"n": 3}, "0.60", 3),
        (MIXED, {"enable_interleave": True}, "1.00", 5),
        (MIXED, {"n": 2}, "0.40", 2),
        (OLD, {}, "0.80", 4),
        ("wanx2.1-imageedit", {"function": "colorization"}, "0.14", 1),
    ],
)
def test_the_price_is_told_before(
    world: World, model: str, given: dict[str, Any], price: str, pictures: int
) -> None:
    price_shown = world.wan.prepare(model, "a vase", images=URL, **given).price
    assert (price_shown.amount, price_shown.currency, price_shown.pictures) == (
        Decimal(price),
        "CNY",
        pictures,
    )


def test_text_alone_on_2_6_is_one_picture_unless_told(world: World) -> None:
    assert world.wan.prepare(MIXED, "a vase").price.pictures == 1
    assert world.wan.prepare(MIXED, "a vase", max_images=3).price.pictures == 3
    assert world.wan.prepare(MIXED, "a story", via="stream").price.pictures == 5


def test_none_is_not_given_so_the_price_stands(world: World) -> None:
    prepared = world.wan.prepare(PRO, "a vase", images=URL, n=None, seed=None)
    assert prepared.body["parameters"] == {"n": 4}
    assert prepared.price.pictures == 4
    with pytest.raises(InvalidRequestError, match=r"wan2\.7/prompt\.required"):
        world.wan.prepare(PRO, None, images=URL)


def test_the_price_is_that_of_the_region(world: World) -> None:
    price_shown = world.client(region="singapore").prepare(PRO, "a vase", images=URL, n=2).price
    assert price_shown.amount == Decimal("1.124130")


def test_what_came_is_what_was_spent(world: World) -> None:
    world.service.on("create", CREATED)
    world.service.on("query", succeeded("a", "b", "c"))
    result = world.do(world.wan.edit(PRO, "a vase", images=URL, n=4))
    assert (result.spent.amount, result.spent.pictures, result.is_incomplete) == (Decimal("1.50"), 3, True)
    assert world.wan.spent == Decimal("1.50")


def test_a_failed_picture_and_a_failed_task_cost_nothing(world: World) -> None:
    world.service.on("create", CREATED)
    world.service.on(
        "query", reply(results({"url": "https://x.example.com/1.png"}, {"code": "C", "message": "m"}))
    )
    world.do(world.wan.edit(OLD, "dusk", images=URL, n=2))
    world.service.on("query", FAILED)
    with pytest.raises(TaskFailedError):
        world.do(world.wan.edit(PRO, "a vase", images=URL))
    assert world.wan.spent == Decimal("0.20")


@pytest.mark.parametrize("cap", [Decimal("1.99"), 1.99, "1.99", 0])
def test_a_call_that_could_cost_more_is_not_sent(world: World, cap: Any) -> None:
    with pytest.raises(BudgetExceededError, match=r"could cost 2\.00 CNY for 4 pictures; max_price is"):
        world.do(world.wan.edit(PRO, "a vase", images=URL, max_price=cap))
    assert world.service.seen == []


def test_a_cap_that_is_just_enough(world: World) -> None:
    world.service.on("create", CREATED)
    world.service.on("query", DONE)
    world.do(world.wan.edit(PRO, "a vase", images=URL, max_price="2.00"))


def test_the_budget_holds_over_all_calls_of_a_client(world: World) -> None:
    world.service.on("create", CREATED)
    world.service.on("query", succeeded("a"))
    client = world.client(budget="1.10")
    world.do(client.edit(PRO, "a vase", images=URL, n=2))  # holds 1.00, spends 0.50
    world.do(client.edit(PRO, "a vase", images=URL, n=1))
    with pytest.raises(BudgetExceededError, match=r"of the budget of 1\.10 1\.00 is taken"):
        world.do(client.edit(PRO, "a vase", images=URL, n=1))
    assert world.service.count("create") == 2


def test_a_task_under_way_holds_its_share(world: World) -> None:
    world.service.on("create", CREATED)
    client = world.client(budget=1)
    world.do(client.submit(PRO, "a vase", images=URL, n=2))
    with pytest.raises(BudgetExceededError):
        world.do(client.submit(PRO, "a vase", images=URL, n=1))


def test_a_call_that_may_have_been_accepted_counts_as_spent(world: World) -> None:
    world.service.on("create", httpx.ReadError)
    with pytest.raises(OutcomeUnknownError):
        world.do(world.wan.submit(PRO, "a vase", images=URL, n=2))
    assert world.wan.spent == Decimal("1.00")


def test_a_call_that_was_refused_gives_its_share_back(world: World) -> None:
    refusal = reply({"code": "InvalidParameter", "message": "no", "request_id": "r"}, 400)
    world.service.on("create", refusal, CREATED)
    client = world.client(budget="0.50")
    with pytest.raises(Exception, match="InvalidParameter"):
        world.do(client.submit(PRO, "a vase", images=URL, n=1))
    assert world.do(client.submit(PRO, "a vase", images=URL, n=1)).id == TASK


@pytest.mark.parametrize("wrong", [True, "a lot", float("nan"), -1, [2]])
def test_a_cap_is_an_amount(world: World, wrong: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="allowed: an amount of money"):
        world.client(budget=wrong)
    with pytest.raises(InvalidArgumentError, match="allowed: an amount of money"):
        world.do(world.wan.edit(PRO, "a vase", images=URL, max_price=wrong))
