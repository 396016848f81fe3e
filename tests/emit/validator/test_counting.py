"""The bill of a body: both readings agree, and the emulator never bills more."""

import json
import pickle
from copy import deepcopy
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wan_conformance.strategies import breaking, mutated_bodies, valid

import wanlib
from tests.emit.validator.fields import of_fields
from tests.emulator.api_client import BODIES, create, functional, messages, prompted
from tests.support.api_facts import default_of, price_of
from wanlib.boundary.case import Question
from wanlib.emulator import Emulator, Settings
from wanlib.errors import InvalidArgumentError
from wanlib.generated import checker
from wanlib.spec import load
from wanlib.spec.interpreter.picture_count import bill as bill_by_spec
from wanlib.spec.interpreter.picture_count import count_pictures
from wanlib.validation.bill import MAX_PICTURES, Bill

SPEC = load()
CALLS = st.sampled_from([None, "sync", "async", "stream"])
REGIONS = st.sampled_from([None, *SPEC.wire["regions"]])
URL = "https://example.com/a.png"
W27, PRO, W26, W25, W21 = SPEC.models


@settings(max_examples=500, derandomize=True, database=None)
@given(mutated_bodies(SPEC), CALLS, REGIONS)
def test_both_readings_give_the_same_bill(body: Any, call: str | None, region: str | None) -> None:
    assert wanlib.bill(body, call=call, region=region) == bill_by_spec(SPEC, body, call, region)
    count = count_pictures(SPEC, body, call)
    if count is not None:
        base = str(SPEC.base(body["model"]))
        assert checker._counter(base)(body, base, call) == count


@cache
def _questions() -> st.SearchStrategy[Question]:
    """Bodies that are valid or break one rule of their fields; made once, since it takes a second."""
    broken = [breaking(SPEC, rule.id) for rule in SPEC.rules.values() if of_fields(rule)]
    return st.one_of([valid(SPEC, model) for model in SPEC.models]) | st.one_of(broken)


@st.composite
def _drawn(draw: Any) -> tuple[Any, str]:
    """Draw such a body and how it is sent."""
    question = draw(_questions())
    return question.body, question.call or draw(st.sampled_from(SPEC.calls(question.body["model"])))


@settings(max_examples=300, derandomize=True, database=None)
@given(_drawn())
def test_the_emulator_never_bills_more(drawn: tuple[Any, str]) -> None:
    """The bill according to the spec: all of an exact count, and at most the bound of another."""
    body, call = drawn
    emulator = Emulator(settings=Settings())
    response, bill = create(emulator, body, call), wanlib.bill(body, call=call)
    (account,) = emulator.ledger() if response.status == 200 else (None,)
    if account is None or bill.pictures is None:
        return
    assert bill.price is not None
    assert account.pictures <= bill.pictures and Decimal(account.amount) <= bill.price.amount
    if bill.exact:
        assert (account.pictures, Decimal(account.amount)) == (bill.pictures, bill.price.amount)


def test_the_emulator_bills_the_price_of_every_model() -> None:
    """Guards the test above against drawing only what is refused."""
    for body in BODIES.values():
        emulator = Emulator(settings=Settings())
        assert create(emulator, body).status == 200
        (account,), bill = emulator.ledger(), wanlib.bill(body)
        assert bill.price is not None
        assert (account.pictures, Decimal(account.amount)) == (2, bill.price.amount)


N27 = default_of("wan2.7/n")


@pytest.mark.parametrize(
    ("body", "pictures", "line"),
    [
        (messages(W27, URL), N27, "{} pictures, {} CNY (n is not given: default {})"),
        (messages(PRO, n=1), 1, "{} picture, {} CNY"),
        (messages(W27, n=4.0), 4, "{} pictures, {} CNY"),
        (
            messages(W27, enable_sequential=True),
            default_of("wan2.7/n", "sequential"),
            "up to {} pictures, at most {} CNY (n is not given: default {})",
        ),
        (messages(PRO, enable_sequential=True, n=3), 3, "up to {} pictures, at most {} CNY"),
        (messages(W26, URL), default_of("wan2.6/n"), "{} pictures, {} CNY (n is not given: default {})"),
        (
            messages(W26, enable_interleave=True),
            default_of("wan2.6/max_images"),
            "up to {} pictures, at most {} CNY (max_images is not given: default {})",
        ),
        (messages(W26, enable_interleave=True, max_images=2), 2, "up to {} pictures, at most {} CNY"),
        (prompted(URL), default_of("wan2.5/n"), "{} pictures, {} CNY (n is not given: default {})"),
        (functional(URL), 1, "{} picture, {} CNY (n is not given: default {})"),
        # out of range: the request would be refused, and this is what it asks for
        (messages(W27, n=99), 99, "{} pictures, {} CNY"),
        (
            messages(W27, n=0),
            None,
            "pictures and price unknown: n is 0, which is not a number of pictures",
        ),
        (
            messages(W27, n=10**30),
            None,
            f"pictures and price unknown: n is {10**30}, which is not a number",
        ),
        # of the wrong type
        (messages(W27, n="4"), None, "pictures and price unknown: n is '4', which is not a number of"),
        (
            messages(W27, n=True),
            None,
            "pictures and price unknown: n is true, which is not a number of",
        ),
        (
            messages(W27, n=None),
            None,
            "pictures and price unknown: n is null, which is not a number of",
        ),
        (
            messages(W27, enable_sequential="yes"),
            None,
            "pictures and price unknown: enable_sequential is",
        ),
        (messages(W27, enable_sequential="yes", n=2), 2, "up to {} pictures, at most {} CNY"),
        (
            messages(W26, enable_interleave=None, n=1),
            None,
            "pictures and price unknown: n is 1, enable_interleave is null",
        ),
        (
            {"model": W27, "parameters": [1]},
            None,
            "pictures and price unknown: the body cannot be read as far",
        ),
        ({"model": "wan9"}, None, "pictures and price unknown: 'wan9' is not a model of this spec"),
        ({}, None, "pictures and price unknown: the body names no model"),
        ([], None, "pictures and price unknown: the body names no model"),
    ],
)
def test_known_bills(body: Any, pictures: int | None, line: str) -> None:
    bill = wanlib.bill(body)
    amount = None if pictures is None else price_of(body["model"], pictures)
    assert (bill.pictures, bill.price and bill.price.amount) == (pictures, amount)
    assert str(bill).startswith(line.format(pictures, amount, pictures))


def test_a_region_has_its_own_price_or_none() -> None:
    assert str(wanlib.bill(messages(W27, n=3), region="singapore")) == (
        f"3 pictures, {price_of(W27, 3, 'singapore')} CNY"
    )
    bill = wanlib.bill(functional(URL, n=2), region="singapore")
    assert (bill.pictures, bill.price) == (2, None)
    assert (
        str(bill)
        == "2 pictures, price unknown: no page states a price for wanx2.1-imageedit in region singapore"
    )
    with pytest.raises(InvalidArgumentError, match="region is 'moon'; allowed: beijing, singapore"):
        wanlib.bill({}, region="moon")


def test_the_largest_count_is_priced_exactly() -> None:
    bill = wanlib.bill(messages(W27, n=MAX_PICTURES), region="singapore")
    millionths = f"{int(price_of(W27, 10**6, 'singapore')) * MAX_PICTURES}"
    assert bill.price is not None and str(bill.price.amount) == f"{millionths[:-6]}.{millionths[-6:]}"


def test_one_picture_is_recommended_for_testing_where_documented() -> None:
    advice = "n=1 is recommended for testing"
    assert [wanlib.bill(body).advice for body in (messages(W27), messages(W26, URL), prompted(URL))] == [
        advice
    ] * 3
    for body in (messages(W27, n=4), messages(W26, enable_interleave=True), functional(URL), {}):
        assert wanlib.bill(body).advice == ""


def test_a_result_is_a_list_with_a_bill() -> None:
    body = messages(W27, URL, n=99)
    result = wanlib.check(body)
    assert isinstance(result, list) and [each.rule for each in result] == ["wan2.7/n.max"]
    assert (result.ok, result.model, result.pictures) == (False, W27, 99)
    assert result.price is not None and result.price.amount == price_of(W27, 99)
    assert result.bill == wanlib.bill(body) and result.bill is result.bill
    assert result == list(result) and result != []
    assert wanlib.check(messages(W27, URL, n=1, negative_prompt="x")).ok
    assert json.loads(json.dumps(result.to_dict())) == {
        "model": W27,
        "ok": False,
        "pictures": 99,
        "price": {"amount": str(price_of(W27, 99)), "currency": "CNY"},
        "violations": [result[0].to_dict()],
    }
    for copied in (deepcopy(result), pickle.loads(pickle.dumps(result))):
        assert copied == result and copied.bill == result.bill


def test_the_bill_is_of_the_call_that_was_checked() -> None:
    result = wanlib.check(messages("wan9"), call="sync")
    assert (result.ok, result.bill) == (
        False,
        Bill("wan9", None, False, None, "'wan9' is not a model of this spec"),
    )


def test_a_model_that_is_a_secret_is_not_shown() -> None:
    uri = "data:image/png;base64," + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo" * 9
    result = wanlib.check({"model": uri})
    assert "QUJDREVG" not in json.dumps(result.to_dict()) + str(result.bill)
