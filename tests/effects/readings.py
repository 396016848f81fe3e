"""All outputs of a spec: generated code, exports, explanations, a transcript of the emulator.

The registry of rules and facts is left out: it repeats the spec, so any line would seem to have an effect.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

from tests.effects.transcript import transcript
from wanlib.base.identifiers import parse_rule_id
from wanlib.boundary.cases import boundary_cases
from wanlib.cli.commands.rule_details import rule_details
from wanlib.emit.client.api_tables import calls
from wanlib.emit.client.client import clients
from wanlib.emit.schema.json_schema import schema
from wanlib.emit.schema.openapi import openapi
from wanlib.emit.validator.module import validator
from wanlib.emit.validator.registry import checker
from wanlib.spec import Spec

Reading = Iterator[str]
_WORDINGS = "service/messages."  # all messages of a code; the emulator sends the first
_EXPLAINED = ("source", "notes", "statements")


def _calls(spec: Spec) -> Reading:
    yield calls(spec)


def _validators(spec: Spec) -> Reading:
    yield from (validator(spec, family) for family in spec.families)
    yield checker(spec)


def _schemas(spec: Spec) -> Reading:
    yield from (json.dumps(schema(spec, model)) for model in spec.models)


def _openapi(spec: Spec) -> Reading:
    yield json.dumps(openapi(spec))


def _clients(spec: Spec) -> Reading:
    yield from clients(spec).values()


def _explanations(spec: Spec) -> Reading:
    """The output of `wanlib explain`, without the value, which would make any line have an effect."""
    for name in (*spec.rules, *spec.facts):
        account = rule_details(spec, name, None)
        cited = [*_cited(account.get("value")), *_cited(account.get("limit"))]
        if name.startswith(_WORDINGS):
            cited.append(account["value"])
        yield json.dumps([parse_rule_id(name).kind, *(account.get(each) for each in _EXPLAINED), *cited])


def _cited(value: Any) -> Iterator[Any]:
    """The sources and notes in the rows of a table."""
    if isinstance(value, dict):
        yield from (value[key] for key in _EXPLAINED if key in value)
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _cited(inner)


def _examples(spec: Spec) -> Reading:
    """The bodies on both sides of a pattern, which `wanlib explain` shows and the harness sends."""
    for rule in spec.rules.values():
        if rule.kind == "pattern":
            yield from (f"{case.id} {case.question.body}" for case in boundary_cases(spec, rule.id))


READINGS: dict[str, Callable[[Spec], Reading]] = {
    "calls": _calls,
    "validators": _validators,
    "JSON Schema": _schemas,
    "OpenAPI": _openapi,
    "clients": _clients,
    "explain": _explanations,
    "examples": _examples,
    "emulator": transcript,
}
"""By name, cheap ones first."""
