"""Dated revisions: the limits as the vendor's pages stated them at an earlier time.

`spec/revisions/` has a file for each revision. The newest one is the spec itself. Every other file states
how its pages differed from the next revision, in terms of the current spec, so a revision is made by going
back file by file. A difference is known only if an old page was read; everything else is assumed to be
unchanged.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from wanlib.spec.load import load, spec_folder
from wanlib.spec.model.errors import SpecError
from wanlib.spec.model.kinds import KINDS
from wanlib.spec.model.model import Family
from wanlib.spec.model.modes import Condition
from wanlib.spec.model.spec import Spec
from wanlib.spec.mutations import replace_rule
from wanlib.spec.source.yaml_reader import LineMap, read_file

FOLDER = "revisions"
"""The folder of the revisions, in that of the spec."""
_DATE = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])")
_MEMBERS = (
    "revision",
    "page",
    "models_added",
    "regions_added",
    "workspace_hosts_added",
    "rules_added",
    "calls",
    "limits",
    "defaults",
)


def revision_dates() -> tuple[str, ...]:
    """Return the dates of the revisions, as `2026-11`, the oldest first."""
    return tuple(sorted(path.stem for path in _folder().glob("*.yaml") if _DATE.fullmatch(path.stem)))


def load_revision(date: str) -> Spec:
    """Return the packaged spec at a revision.

    Args:
        date: One of `revision_dates`.

    Raises:
        KeyError: No revision has this date.
        SpecError: A file of the revisions is wrong.
    """
    dates = revision_dates()
    if date not in dates:
        raise KeyError(date)
    spec = load()
    for later in reversed(dates[dates.index(date) :]):
        path = _folder() / f"{later}.yaml"
        spec = _before(spec, read_file(path), path.name)
    return replace(spec, digest=f"{spec.digest}@{date}")


def _folder() -> Path:
    return spec_folder() / FOLDER


def _before(spec: Spec, document: LineMap, file: str) -> Spec:
    """Return the spec with the differences that one file states."""
    for name in document:
        if name not in _MEMBERS:
            raise _error(file, document.lines[name], f"{name} is unknown, expected {', '.join(_MEMBERS)}")
    for rule_id, limit in document.get("limits", {}).items():
        spec = _with_limit(spec, rule_id, limit, f"{file}:{document['limits'].lines[rule_id]}")
    for rule_id in document.get("rules_added", ()):
        spec = replace_rule(spec, _rule(spec, rule_id, file), None)
    for fact_id, value in document.get("defaults", {}).items():
        spec = _with_default(spec, fact_id, value, f"{file}:{document['defaults'].lines[fact_id]}")
    for model, calls in document.get("calls", {}).items():
        spec = _with_calls(spec, model, calls)
    spec = _without_workspace_hosts(spec, document.get("workspace_hosts_added", ()))
    spec = _without_regions(spec, document.get("regions_added", ()))
    return _without_models(spec, document.get("models_added", ()))


def _error(file: str, line: int, text: str) -> SpecError:
    return SpecError(f"{FOLDER}/{file}:{line}: {text}")


def _rule(spec: Spec, rule_id: str, place: str) -> Any:
    rule = spec.rules.get(rule_id)
    if rule is None:
        raise SpecError(f"{FOLDER}/{place}: the rule {rule_id!r} does not exist")
    return rule


def _with_limit(spec: Spec, rule_id: str, limit: Any, place: str) -> Spec:
    rule = _rule(spec, rule_id, place)
    try:
        parsed = KINDS[rule.kind].parse(limit)
    except ValueError as error:
        raise SpecError(f"{FOLDER}/{place}: {rule_id} is {limit!r}, expected {error}") from None
    if parsed == rule.limit:
        raise SpecError(f"{FOLDER}/{place}: {rule_id} is {limit!r} in the next revision too")
    return replace_rule(spec, rule, replace(rule, limit=parsed))


def _with_default(spec: Spec, fact_id: str, value: Any, place: str) -> Spec:
    fact = spec.facts.get(fact_id)
    file, _, path = fact_id.partition("/")
    name, _, mode = path.partition(".default")
    if fact is None:
        raise SpecError(f"{FOLDER}/{place}: the default {fact_id!r} does not exist")
    if fact.value == value:
        raise SpecError(f"{FOLDER}/{place}: {fact_id} is {value!r} in the next revision too")
    families = tuple(
        _family_with_default(family, name, mode.removeprefix(":"), value) if family.name == file else family
        for family in spec.families
    )
    facts = {**spec.facts, fact_id: replace(fact, value=value)}
    return replace(spec, families=families, facts=MappingProxyType(facts))


def _family_with_default(family: Family, name: str, mode: str, value: Any) -> Family:
    condition = None
    if mode:
        condition = Condition(mode.removeprefix("not-"), not mode.startswith("not-"))
    return replace(
        family,
        fields=tuple(
            replace(field, default={**field.default, condition: value}) if field.name == name else field
            for field in family.fields
        ),
    )


def _with_calls(spec: Spec, model: str, calls: list[str]) -> Spec:
    """Return the spec with fewer calls for a model, in every region."""
    rule = spec.rules["wire/endpoints"]
    spec = replace_rule(spec, rule, replace(rule, limit={**rule.limit, model: tuple(calls)}))
    wire = dict(spec.wire)
    endpoints = {call: path for call, path in wire["endpoints"][model].items() if call in calls}
    wire["endpoints"] = {**wire["endpoints"], model: endpoints}
    wire["regions"] = {
        region: _row_with_calls(row, {model: [call for call in row["calls"][model] if call in calls]})
        if model in (row.get("calls") or {})
        else row
        for region, row in wire["regions"].items()
    }
    return replace(spec, wire=MappingProxyType(wire))


def _row_with_calls(row: Mapping[str, Any], calls: Mapping[str, list[str]]) -> Mapping[str, Any]:
    return {**row, "calls": {**row["calls"], **calls}}


def _without_workspace_hosts(spec: Spec, regions: list[str]) -> Spec:
    rows = {
        region: {name: value for name, value in row.items() if name != "workspace_host"}
        if region in regions
        else row
        for region, row in spec.wire["regions"].items()
    }
    return replace(spec, wire=MappingProxyType({**spec.wire, "regions": rows}))


def _without_regions(spec: Spec, regions: list[str]) -> Spec:
    rows = {region: row for region, row in spec.wire["regions"].items() if region not in regions}
    return replace(spec, wire=MappingProxyType({**spec.wire, "regions": rows}))


def _without_models(spec: Spec, models: list[str]) -> Spec:
    families = tuple(
        replace(family, models=tuple(model for model in family.models if model not in models))
        for family in spec.families
    )
    return replace(spec, families=tuple(family for family in families if family.models))
