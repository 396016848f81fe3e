"""A diff as SARIF 2.1.0, for code scanning and editors."""

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from wanlib.diff.change import ChangeClass, Diff, DiffChange, Location
from wanlib.diff.report.text import short_body

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {ChangeClass.BREAKING: "error", ChangeClass.BEHAVIOUR: "warning"}


def sarif(diff: Diff, version: str, folders: Mapping[str, str]) -> dict[str, Any]:
    """Return the log as JSON values.

    Args:
        diff: The diff.
        version: The version of this package.
        folders: The folder of the spec by side, `old` and `new`, as locations name it.
    """
    rules = dict.fromkeys(change.id for change in diff.changes)
    driver = {"name": "wanlib diff", "version": version, "rules": [{"id": rule} for rule in rules]}
    results = [_result(change, folders) for change in diff.changes]
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}


def _result(change: DiffChange, folders: Mapping[str, str]) -> dict[str, Any]:
    lines = [change.text]
    lines += [
        f"Accepted by {witness.accepted_by} alone: {short_body(witness)}" for witness in change.witnesses
    ]
    result: dict[str, Any] = {
        "ruleId": change.id,
        "level": _LEVELS.get(change.change_class, "note"),
        "message": {"text": "\n".join(lines)},
        "partialFingerprints": {"change/v1": change.fingerprint},
        "properties": {"class": str(change.change_class), "relation": str(change.relation)},
    }
    places = [("new", change.new_location), ("old", change.old_location)]
    locations = [_location(folders[side], place, side) for side, place in places if place is not None]
    if locations:
        result["locations"], result["relatedLocations"] = locations[:1], locations[1:]
    return result


def _location(folder: str, place: Location, side: str) -> dict[str, Any]:
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": _uri(folder, place)},
            "region": {"startLine": place.line},
        },
        "message": {"text": f"as the {side} side states it"},
    }


def _uri(folder: str, place: Location) -> str:
    """Return the file as a URI reference: relative to the top of the repository, or absolute."""
    path = PurePath(folder, place.file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())
