"""`wanlib schema` and `wanlib openapi` print valid documents."""

import json
from collections.abc import Callable
from typing import Any

from jsonschema import Draft202012Validator

from wanlib.spec.load import spec_folder


def test_schema(wanlib: Callable[..., Any], clean: dict[str, Any]) -> None:
    ran = wanlib("schema", "wan2.7-image")
    assert (ran.code, ran.err) == (0, "")
    schema = json.loads(ran.out)
    Draft202012Validator.check_schema(schema)
    judge = Draft202012Validator(schema)
    assert judge.is_valid(clean)
    assert not judge.is_valid(clean | {"parameters": {"n": 99}})
    assert wanlib("schema", "wan2.7-image", "--spec", spec_folder()).out == ran.out


def test_openapi(wanlib: Callable[..., Any]) -> None:
    ran = wanlib("openapi")
    assert (ran.code, ran.err) == (0, "")
    printed = json.loads(ran.out)
    assert printed["openapi"].startswith("3.1")
    assert printed["paths"]
