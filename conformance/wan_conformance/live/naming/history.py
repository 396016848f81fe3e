"""The findings of earlier runs, in a file next to the ledger: a line of JSON per run that found a change.

The nightly variant first probes the rules that changed most often, here and in the dated revisions.
"""

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wanlib.input_error import InputError

if TYPE_CHECKING:
    from wan_conformance.live.naming.findings import Finding

_ENDING = ".history.jsonl"


class HistoryError(InputError):
    """The history of runs can't be read; the message names the line."""


def history_path(ledger: Path) -> Path:
    """Return the path of the history that belongs to a ledger: `live-ledger.history.jsonl`."""
    return ledger.with_suffix(_ENDING)


def record_run(path: Path, date: str, findings: Iterable["Finding"]) -> None:
    """Append the findings of a run; a run without a finding adds nothing.

    Args:
        path: The history.
        date: The date of the run.
        findings: The findings of the run.

    Raises:
        OSError: The file can't be written.
    """
    changes = [_as_record(finding) for finding in findings]
    if not changes:
        return
    line = json.dumps({"date": date, "changes": changes}) + "\n"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(descriptor, line.encode())
    finally:
        os.close(descriptor)


def _as_record(finding: "Finding") -> dict[str, Any]:
    full = finding.as_json()
    return {name: full[name] for name in ("rule", "models", "change", "old", "new")}


def recorded_changes(path: Path) -> Mapping[str, int]:
    """Return the number of changes of each rule in earlier runs, by rule id.

    A change that several runs found, since the spec was not patched between them, counts once.

    Args:
        path: The history; without such a file nothing has changed.

    Raises:
        HistoryError: A line is not a record of a run.
    """
    if not path.exists():
        return Counter()
    seen: set[tuple[str, str]] = set()
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        try:
            seen |= {(str(one["rule"]), _identity(one)) for one in json.loads(line)["changes"]}
        except (ValueError, TypeError, KeyError) as error:
            raise HistoryError(f"{path}, line {number}: not a record of a run; remove the line") from error
    return Counter(rule for rule, _ in seen)


def _identity(change: Mapping[str, Any]) -> str:
    return json.dumps([change["change"], change["old"], change["new"]], sort_keys=True)
