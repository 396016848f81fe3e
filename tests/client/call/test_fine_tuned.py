"""Fine-tuned models through the client: the base's rules and endpoint, Beijing alone, no price."""

import pytest

from tests.client.client_fixture import World
from tests.client.service import CREATED, OLD, PRO
from tests.support.api_facts import default_of, limit_of
from wanlib import check, model
from wanlib.errors import BudgetExceededError, InvalidRequestError

TUNED = f"{PRO}-ft-202606030110-ab12"
URL = ["https://example.com/a.png"]


def test_it_is_called_by_its_id_on_the_endpoint_and_by_the_rules_of_its_base(world: World) -> None:
    prepared = world.wan.prepare(TUNED, "a vase", size="4K", n=1)
    base = world.wan.prepare(PRO, "a vase", size="4K", n=1)
    assert prepared.body == {**base.body, "model": TUNED}
    assert (prepared.url, prepared.headers) == (base.url, base.headers)
    assert prepared.price is None
    with pytest.raises(InvalidRequestError, match=r"wan2\.7/n\.max"):
        world.wan.prepare(TUNED, "a vase", n=limit_of("wan2.7/n.max") + 1)
    with pytest.raises(InvalidRequestError, match=r"4K needs wan2\.7-image-pro"):
        world.wan.prepare("wan2.7-image-ft-202606030110-ab12", "a vase", size="4K")


def test_it_is_sent_and_reported_by_its_id(world: World) -> None:
    world.service.on("create", CREATED)
    task = world.do(world.wan.submit(model(TUNED), "a vase", n=1))
    assert task.model == TUNED
    assert world.do(world.wan.submit(f"{OLD}-c160", "a vase", images=URL)).model == f"{OLD}-c160"


@pytest.mark.parametrize("region", ["singapore"])
def test_it_is_refused_outside_of_its_regions(world: World, region: str) -> None:
    wan = world.client(region=region)
    with pytest.raises(InvalidRequestError, match=r"in beijing only, not in singapore \(wire/fine_tuned\)"):
        wan.prepare(TUNED, "a vase", n=1)
    assert wan.prepare(PRO, "a vase", n=1)


def test_a_cap_cannot_be_kept_without_a_price(world: World) -> None:
    with pytest.raises(BudgetExceededError, match="No documented price for this model"):
        world.do(world.wan.generate(TUNED, "a vase", n=1, max_price=100))
    with pytest.raises(BudgetExceededError, match="max_price and budget cannot be enforced"):
        world.do(world.client(budget=100).generate(TUNED, "a vase", n=1))
    assert world.service.seen == []


def test_the_cost_of_a_body_is_unknown_but_not_the_number_of_pictures() -> None:
    body = {
        "model": TUNED,
        "input": {"messages": [{"role": "user", "content": [{"text": "a vase"}]}]},
        "parameters": {"enable_sequential": True},
    }
    result = check(body)
    pictures = default_of("wan2.7/n", "sequential")
    assert (result.ok, result.model, result.pictures, result.price) == (True, TUNED, pictures, None)


@pytest.mark.parametrize("name", [f"{PRO}-mine", f"{PRO}-ft-2026-ab12", f"{PRO}-c160\n"])
def test_any_other_id_is_refused(world: World, name: str) -> None:
    with pytest.raises(InvalidRequestError, match="no model"):
        world.wan.prepare(name, "a vase")
