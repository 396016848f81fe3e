"""`wanlib explain CODE`: what an error code of the service means, as JSON values."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wanlib.base.error_codes import classify, read_error_table
from wanlib.cli.commands.rule_details import source_of

if TYPE_CHECKING:
    from wanlib.spec import Spec

_BASES = {
    "prefix": "as {documented}: the text before it is a documented prefix",
    "parent": "this code is not documented; read as {documented}",
}
_RETRIES = {"yes": "yes, later", "once": "once more", "no": "no, not the same request"}


def code_details(spec: "Spec", name: str, folder: Path | None) -> dict[str, Any] | None:
    """Return what is known about a code; None if the table has nothing about it.

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
