"""`wanlib schema` and `wanlib openapi`: the spec in the words of other tools."""

import json
from typing import Annotated

import typer

from wanlib.cli.choosing import SpecOption, a_model, the_spec
from wanlib.cli.plainly import FINE


def schema(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="The model whose bodies it describes.")],
    spec: SpecOption = None,
) -> int:
    """Print a model's JSON Schema (2020-12)."""
    from wanlib.emit.json_schema import schema as exported

    loaded = the_spec(spec)
    base = a_model(model, loaded.models, loaded.fine_tuned_ending)
    print(json.dumps(exported(loaded, base), indent=2))
    return FINE


def openapi(spec: SpecOption = None) -> int:
    """Print the HTTP surface as OpenAPI 3.1."""
    from wanlib.emit.openapi import openapi as exported

    print(json.dumps(exported(the_spec(spec)), indent=2))
    return FINE
