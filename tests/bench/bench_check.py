"""`check` against validators that check less: a clean body, one with a dozen mistakes, one of 240 MB."""

import base64
import tracemalloc
from typing import Any

import fastjsonschema
import jsonschema_rs
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from tests.bench.bodies import MODEL, body_with_mistakes, clean_body, large_body
from tests.bench.comparison import Comparison, contest
from tests.bench.hand_schema import DRAFT_7, DRAFT_2020, hand_schema
from tests.bench.models import Body
from wanlib import check
from wanlib.emit.schema.json_schema import schema
from wanlib.spec import load


def rows() -> list[Comparison]:
    """Return the comparisons of validators."""
    return [*_clean_body(), *_body_with_mistakes(), *_large_body()]


def _clean_body() -> list[Comparison]:
    body = clean_body()
    plain = Draft202012Validator(hand_schema(DRAFT_2020))
    exported = Draft202012Validator(schema(load(), MODEL))
    fast = fastjsonschema.compile(hand_schema(DRAFT_7))
    fields = fastjsonschema.compile(hand_schema(DRAFT_7, ties=False))
    rust = jsonschema_rs.validator_for(hand_schema(DRAFT_2020))
    assert check(body) == [] and plain.is_valid(body) and exported.is_valid(body) and rust.is_valid(body)
    return contest(
        "a clean body",
        lambda: check(body),
        {
            "jsonschema": (lambda: list(plain.iter_errors(body)), 1 / 50),
            "jsonschema, exported schema": (lambda: list(exported.iter_errors(body)), 1 / 50),
            "fastjsonschema": (lambda: fast(body), 1 / 6),
            "fastjsonschema, fields alone": (lambda: fields(body), None),
            "pydantic": (lambda: Body.model_validate(body), 1.0),
            "jsonschema-rs is_valid": (lambda: rust.is_valid(body), None),
        },
    )


def _body_with_mistakes() -> list[Comparison]:
    """Every peer reports where and what, as ours does with path, rule, limit and value."""
    body = body_with_mistakes()
    rust = jsonschema_rs.validator_for(hand_schema(DRAFT_2020))

    def pydantic() -> list[Any]:
        try:
            Body.model_validate(body)
        except ValidationError as error:
            return list(error.errors())
        return []

    def rust_errors() -> list[Any]:
        return [(error.instance_path, error.message) for error in rust.iter_errors(body)]

    counts = {"ours": len(check(body)), "pydantic": len(pydantic()), "jsonschema-rs": len(rust_errors())}
    print("mistakes reported: " + ", ".join(f"{name} {count}" for name, count in counts.items()))
    return contest(
        "a dozen mistakes",
        lambda: check(body),
        {"pydantic .errors()": (pydantic, 1 / 3), "jsonschema-rs": (rust_errors, 1 / 10)},
    )


def _large_body() -> list[Comparison]:
    body = large_body()
    parts = body["input"]["messages"][0]["content"]
    texts = [part["image"].partition(",")[2] for part in parts if "image" in part]
    tracemalloc.start()
    assert check(body) == []
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    print(f"nine 20 MB data URIs: {peak / 1024:.0f} KiB allocated at most by check")
    return contest(
        "nine 20 MB data URIs",
        lambda: check(body),
        {
            "b64decode(validate=True)": (
                lambda: [base64.b64decode(text, validate=True) for text in texts],
                0.1,
            )
        },
        rounds=5,
    )
