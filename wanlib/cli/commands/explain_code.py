"""`wanlib explain CODE`: what an error code of the service means, as plain data."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wanlib.base.error_codes import classify, read_error_table
from wanlib.cli.commands.rule_details import source_of

if TYPE_CHECKING:
    from wanlib.spec import Spec

_BASES = {
    "prefix": "by {documented}: what stands before it is a documented prefix",
    "parent": "this code is not documented; read as {documented}",
}
_RETRIES = {"yes": "yes, later", "once": "once more", "no": "no, not the same request"}


def code_account(spec: "Spec", name: str, folder: Path | None) -> dict[str, Any] | None:
    """Return what is known of a code, JSON values only; None if no row of the table says anything of it.

    Args:
        spec: the spec whose table counts.
        name: the code.
        folder: where the spec was read from, None for the packaged one.
    """
    found = classify(read_error_table(spec.wire), name)
    if found.documented is None:
        return None
    fact = spec.facts[f"wire/errors.{found.documented}"]
    alias = spec.wire["errors"][found.documented].get("alias_of")
    account = {
        "code": name,
        "read_as": found.documented if found.basis != "code" else alias,
        "certain": found.is_certain,
        "basis": found.basis,
        "status": found.status,
        "kind": found.kind,
        "error": found.error,
        "retry": found.retry,
        "means": found.means,
        "advice": found.advice,
        "messages": _messages(spec, alias or found.documented),
        "file": (Path("spec") if folder is None else folder).joinpath(fact.file).as_posix(),
        "line": fact.line,
        "source": source_of(spec, fact.source),
        "notes": fact.notes,
    }
    return {key: value for key, value in account.items() if value not in ("", [], None)}


def code_facets(account: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the lines of `explain` with their labels; those on the source stand elsewhere."""
    facets = [("means", account["means"])]
    if not account["certain"] or account["basis"] != "code":
        facets.append(("read", _BASES[account["basis"]].format(documented=account["read_as"])))
    elif "read_as" in account:
        facets.append(("alias of", account["read_as"]))
    facets += [
        ("status", str(account["status"])),
        ("class", f"{account['kind']} (wanlib.errors.{account['error']})"),
        ("retry", _RETRIES[account["retry"]]),
        ("to do", account["advice"]),
    ]
    for message in account.get("messages", ()):
        retry = f" Retry: {_RETRIES[message['retry']]}." if message["retry"] != account["retry"] else ""
        facets.append(("message", f"with '{message['contains']}': {message['advice']}.{retry}"))
    return facets


def _messages(spec: "Spec", code: str) -> list[dict[str, str]]:
    """Return the messages that say more than the code, each with what it changes."""
    table = read_error_table(spec.wire)
    words = [wording.contains for wording in table.wordings if code in wording.codes]
    if once := table.codes[code].once_if:
        words.append(once)
    found = ((text, classify(table, code, text)) for text in words)
    return [{"contains": text, "advice": each.advice, "retry": each.retry} for text, each in found]
