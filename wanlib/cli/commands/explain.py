"""`wanlib explain`: one rule with its source and the bodies on both sides of its limit, or an error code."""

import json
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from wanlib.base.redaction import printable
from wanlib.cli.commands.explain_code import code_account, code_facets
from wanlib.cli.commands.rule_details import boundary_examples, rule_details
from wanlib.cli.errors import FINE, JsonOption, SpecOption, load_spec

_HEADS = {"keeps": "the last that keeps it", "breaks": "the first that breaks it"}


def explain(
    name: Annotated[
        str,
        typer.Argument(
            metavar="RULE|CODE", help="A rule id, such as wan2.7/n.max:sequential, or an error code."
        ),
    ],
    as_json: JsonOption = False,
    spec: SpecOption = None,
) -> int:
    """Explain a rule, with a body on each side of it, or an error code.

    Of a rule: its limit, where it is written, the page that it stands on, what that page says; then the last
    body that keeps it and the first that breaks it. Facts, such as wan2.7/n.default, come without bodies.
    Of an error code: what it means, its class, whether to try again, and what to do.
    """
    loaded = load_spec(spec)
    account = None if "/" in name else code_account(loaded, name, spec)
    missing = None
    if account is None:
        account = rule_details(loaded, name, spec)
    if name in loaded.rules:
        try:
            account |= boundary_examples(loaded, name)
        except ModuleNotFoundError as error:
            missing = error.name
    if as_json:
        print(json.dumps(account, indent=2))
    else:
        for line in _text(account):
            print(printable(line))
        if missing:
            print(f"\nThe bodies at its edges need {missing}: pip install 'wanlib[conformance]'")
    return FINE


def _text(account: dict[str, Any]) -> Iterator[str]:
    yield account.get("id") or account["code"]
    for label, value in _labelled_lines(account):
        yield f"  {label:<9} {value}"
    for side, head in _HEADS.items():
        if side in account:
            yield from _payload(head, **account[side])


def _labelled_lines(account: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What is told in a line each, with its label."""
    if "code" in account:
        yield from code_facets(account)
    for key in ("kind", "limit", "value", "condition", "outcome", "models"):
        if key in account and "code" not in account:
            yield {"condition": "when"}.get(key, key), _words(account[key])
    for mode, expression in account.get("modes", {}).items():
        yield "mode", f"{mode} = {expression}"
    yield "written", f"{account['file']}:{account['line']}"
    source = account["source"]
    read = f" (read {source['read']})" if "read" in source else ""
    yield "source", f"{source['id']}: {source.get('title', 'a page that is not listed')}{read}"
    if "url" in source:
        yield "", source["url"]
    if "notes" in account:
        yield "notes", account["notes"]
    for statement in account.get("statements", ()):
        yield "says", f"{statement['says']} [{statement['id']}]"


def _words(value: Any) -> str:
    """Text and names as they are, anything else as JSON."""
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _payload(head: str, body: Any, call: str | None, messages: list[str]) -> Iterator[str]:
    yield ""
    yield f"{head}{f', sent as a {call} call' if call else ''}:"
    yield from json.dumps(body, indent=2, ensure_ascii=False).split("\n")
    for message in messages:
        yield f"-> {message}"
