"""`wanlib explain`: a rule with its source and a body on each side of its limit, or an error code."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wanlib.base.error_codes import classify, read_error_table
from wanlib.base.redaction import printable
from wanlib.cli.commands.rule_details import boundary_examples, conduct_details, rule_details, source_of
from wanlib.cli.errors import ExitCode, JsonOption, SpecOption, load_spec

if TYPE_CHECKING:
    from wanlib.spec import Spec

_HEADINGS = {"keeps": "the last valid body", "breaks": "the first body that violates it"}
_BASES = {
    "prefix": "as {documented}: the text before it is a documented prefix",
    "parent": "this code is not documented; read as {documented}",
}
_RETRIES = {"yes": "yes, later", "once": "once more", "no": "no, not the same request"}


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
    """Explain a rule or an error code.

    Rules of conduct, such as client/never-pays-twice, cover a client's behaviour across requests.

    For a rule: its limit, where it is defined, its source page and the statement there; then the last valid
    body and the first body that violates it. Facts, such as wan2.7/n.default, have no bodies. For an error
    code: its meaning and class, whether to retry, and what to do.
    """
    loaded = load_spec(spec)
    details = conduct_details(loaded, name, spec) if "/" in name else code_details(loaded, name, spec)
    missing = None
    if details is None:
        details = rule_details(loaded, name, spec)
    if name in loaded.rules:
        try:
            details |= boundary_examples(loaded, name)
        except ModuleNotFoundError as error:
            missing = error.name
    if as_json:
        print(json.dumps(details, indent=2))
    else:
        for line in detail_lines(details):
            print(printable(line))
        if missing:
            print(f"\nExample bodies need {missing}: pip install 'wanlib[conformance]'")
    return ExitCode.OK


def detail_lines(details: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of the text output."""
    yield details.get("id") or details["code"]
    for label, value in _labelled_lines(details):
        yield f"  {label:<9} {value}"
    for side, heading in _HEADINGS.items():
        if side in details:
            yield from _example_lines(heading, **details[side])


def _labelled_lines(details: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the details that take one line each, with their labels."""
    if "code" in details:
        yield from code_lines(details)
    for key in ("rule", "why", "kind", "limit", "value", "condition", "outcome", "models"):
        if key in details and "code" not in details:
            yield {"condition": "when"}.get(key, key), _format(details[key])
    for mode, expression in details.get("modes", {}).items():
        yield "mode", f"{mode} = {expression}"
    if "file" in details:
        yield "written", f"{details['file']}:{details['line']}"
    source = details["source"]
    read_on = f" (read {source['read']})" if "read" in source else ""
    yield "source", f"{source['id']}: {source.get('title', 'an unlisted page')}{read_on}"
    if "url" in source:
        yield "", source["url"]
    if "notes" in details:
        yield "notes", details["notes"]
    for statement in details.get("statements", ()):
        yield "says", f"{statement['says']} [{statement['id']}]"


def _format(value: Any) -> str:
    """Return text and names as they are, anything else as JSON."""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _example_lines(heading: str, body: Any, call: str | None, messages: list[str]) -> Iterator[str]:
    yield ""
    yield f"{heading}{f', sent as a {call} call' if call else ''}:"
    yield from json.dumps(body, indent=2, ensure_ascii=False).split("\n")
    for message in messages:
        yield f"-> {message}"


def code_details(spec: "Spec", name: str, folder: Path | None) -> dict[str, Any] | None:
    """Return the data about a code; None if the table has none.

    Args:
        spec: The spec with the table.
        name: The code.
        folder: Where the spec was read from; None for the packaged one.
    """
    match = classify(read_error_table(spec.wire), name)
    if match.documented is None:
        return None
    fact = spec.facts[f"wire/errors.{match.documented}"]
    alias = spec.wire["errors"][match.documented].get("alias_of")
    details = {
        "code": name,
        "read_as": match.documented if match.basis != "code" else alias,
        "certain": match.is_certain,
        "basis": match.basis,
        "status": match.status,
        "kind": match.kind,
        "error": match.error,
        "retry": match.retry,
        "means": match.means,
        "advice": match.advice,
        "messages": _messages(spec, alias or match.documented),
        "file": (Path("spec") if folder is None else folder).joinpath(fact.file).as_posix(),
        "line": fact.line,
        "source": source_of(spec, fact.source),
        "notes": fact.notes,
    }
    return {key: value for key, value in details.items() if value not in ("", [], None)}


def code_lines(details: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the lines of `explain` with their labels, without those about the source."""
    lines = [("means", details["means"])]
    if not details["certain"] or details["basis"] != "code":
        lines.append(("read", _BASES[details["basis"]].format(documented=details["read_as"])))
    elif "read_as" in details:
        lines.append(("alias of", details["read_as"]))
    lines += [
        ("status", str(details["status"])),
        ("class", f"{details['kind']} (wanlib.errors.{details['error']})"),
        ("retry", _RETRIES[details["retry"]]),
        ("to do", details["advice"]),
    ]
    for message in details.get("messages", ()):
        retry = f" Retry: {_RETRIES[message['retry']]}." if message["retry"] != details["retry"] else ""
        lines.append(("message", f"with '{message['contains']}': {message['advice']}.{retry}"))
    return lines


def _messages(spec: "Spec", code: str) -> list[dict[str, str]]:
    """Return the messages that are more specific than the code, with their advice and retry class."""
    table = read_error_table(spec.wire)
    texts = [wording.contains for wording in table.wordings if code in wording.codes]
    if once := table.codes[code].once_if:
        texts.append(once)
    matches = ((text, classify(table, code, text)) for text in texts)
    return [{"contains": text, "advice": match.advice, "retry": match.retry} for text, match in matches]
