"""The OpenAPI document: valid, complete, and the same every time."""
import json

from openapi_spec_validator import OpenAPIV31SpecValidator

from wanlib.emit.openapi import openapi
from wanlib.spec import load

SPEC = load()
DOCUMENT = openapi(SPEC)


def test_it_is_valid() -> None:
    assert list(OpenAPIV31SpecValidator(DOCUMENT).iter_errors()) == []
