"""The worst price of a request: what it costs if a default differs or a limit has gone."""

from decimal import Decimal
from typing import Any

import pytest
from wan_conformance.live.pricing import picture_price, region_of, worst_price

from wanlib.spec import load

SPEC = load()
PRO = "wan2.7-image-pro"
PRICE = Decimal(SPEC.wire["prices"][PRO]["beijing"])
GREATEST = 12


def _body(parameters: Any, model: str = PRO, **inputs: Any) -> Any:
    content = [{"text": "A bridge"}]
    messages = {"messages": [{"role": "user", "content": content}]}
    return {"model": model, "input": messages | inputs, "parameters": parameters}


def _pictures(body: Any, price: Decimal = PRICE) -> Decimal | None:
    worst = worst_price(SPEC, body, "async", "beijing")
    return None if worst is None else worst / price


@pytest.mark.parametrize(
    ("parameters", "pictures"),
    [
        ({"n": 1}, 1),
        ({"n": 1, "enable_sequential": True}, 1),
        ({"n": 13}, 13),  # must be refused, and may be accepted
        ({}, GREATEST),  # the default may be any number that a page states
        ({"n": None}, GREATEST),
        ({"n": "1"}, GREATEST),
        ({"n": "20"}, 20),
        ({"n": 0}, GREATEST),
        ({"n": -1}, GREATEST),
        ({"n": True}, GREATEST),
        ({"n": 20.5}, 21),
        ({"n": [30]}, GREATEST),
        ({"n": 1, "more": [{"n": 40}]}, 40),
        ([], GREATEST),
    ],
)
def test_the_pictures_of_a_body(parameters: Any, pictures: int) -> None:
    assert _pictures(_body(parameters)) == pictures


def test_a_count_at_another_place_counts_too() -> None:
    assert _pictures(_body({"n": 1}, n=7)) == 7
    assert _pictures(_body({}, n=1)) == GREATEST


def test_a_mode_that_is_not_stated_may_be_either() -> None:
    model = "wan2.6-image"
    price = picture_price(SPEC, model, "beijing")
    assert price
    assert _pictures(_body({"n": 1, "enable_interleave": False}, model), price) == 1
    assert _pictures(_body({"n": 1}, model), price) == GREATEST
    assert _pictures(_body({"n": 1, "max_images": 2}, model), price) == 2
    assert _pictures(_body({"n": 1, "max_images": 2, "enable_interleave": "x"}, model), price) == 2


@pytest.mark.parametrize(
    "body", [None, [], "x", {}, {"model": None}, {"model": ["x"]}, {"model": "wan9-image"}]
)
def test_a_body_without_a_priced_model_has_no_price(body: Any) -> None:
    assert worst_price(SPEC, body, "async", "beijing") is None


def test_an_absurd_number_has_a_price_or_none_and_never_a_small_one() -> None:
    for n in (10**18, 10**100, 10**3000, float("inf"), "inf", "1e400"):
        price = worst_price(SPEC, _body({"n": n}), "async", "beijing")
        assert price is None or price > 10**15
    assert worst_price(SPEC, _body({"n": float("nan")}), "async", "beijing") == GREATEST * PRICE


def test_the_region_decides_and_an_unknown_one_has_the_highest_price() -> None:
    assert picture_price(SPEC, PRO, None) == max(map(Decimal, SPEC.wire["prices"][PRO].values()))
    assert picture_price(SPEC, PRO, "mars") is None
    assert region_of(SPEC, "https://dashscope.aliyuncs.com/api/v1") == "beijing"
    assert region_of(SPEC, "https://ws-1.ap-southeast-1.maas.aliyuncs.com") == "singapore"
    for url in ("http://127.0.0.1:8000", "https://dashscope.aliyuncs.com.evil.example", "", "http://[", "x"):
        assert region_of(SPEC, url) is None
