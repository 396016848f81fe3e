"""A diff as SARIF 2.1.0, for code scanning and editors."""

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from wanlib.diff.change import ChangeClass, Diff, DiffChange, Location
from wanlib.diff.recorded_requests import RequestChange
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
    results = [_result(change, folders) for change in diff.changes]
    results += [_request_result(request) for request in diff.requests or ()]
    return sarif_log("wanlib diff", version, results)


def sarif_log(tool: str, version: str, results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a log with one run.

    Args:
        tool: The name of the tool.
        version: Its version.
        results: The results, each with a `ruleId`.
    """
    rules = dict.fromkeys(result["ruleId"] for result in results)
    driver = {"name": tool, "version": version, "rules": [{"id": rule} for rule in rules]}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}


def physical_location(file: PurePath, line: int) -> dict[str, Any]:
    """Return the location of a line.

    Args:
        file: The file, from the top of the repository or absolute.
        line: The line, from 1.
    """
    uri = file.as_uri() if file.is_absolute() else quote(file.as_posix())
    return {"physicalLocation": {"artifactLocation": {"uri": uri}, "region": {"startLine": line}}}


def _result(change: DiffChange, folders: Mapping[str, str]) -> dict[str, Any]:
    lines = [change.text]
    lines += [
        f"Accepted only by {witness.accepted_by}: {short_body(witness)}" for witness in change.witnesses
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


def _request_result(change: RequestChange) -> dict[str, Any]:
    """Return the result for a request of the user; a call in source has a location."""
    place, source = change.request.place, change.request.source
    result: dict[str, Any] = {
        "ruleId": "request",
        "level": "error" if change.is_breaking else "warning",
        "message": {"text": f"{place}: {change.effect}"},
    }
    if source is not None:
        result["locations"] = [physical_location(PurePath(source[0]), source[1])]
    return result


def _location(folder: str, place: Location, side: str) -> dict[str, Any]:
    location = physical_location(PurePath(folder, place.file), place.line)
    return {**location, "message": {"text": f"as the {side} side states it"}}
