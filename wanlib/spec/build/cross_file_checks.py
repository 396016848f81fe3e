"""What the files of a spec say of each other."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from wanlib.spec.model.errors import Diagnostics
from wanlib.spec.build.tables import check_error_rows
from wanlib.spec.model.model import Family, Node, Spec
from wanlib.spec.source.yaml_reader import LineMap, LineList
from wanlib.spec.build.tables import check_service

_BY_MODEL = ("endpoints", "rates", "prices")


def check_references(spec: Spec, documents: Mapping[str, LineMap]) -> list[str]:
    """The diagnostics about names that one file uses and another should hold."""
    gathered = {stem: Diagnostics(f"{stem}.yaml") for stem in documents}
    for family in spec.families:
        _check_leaves(spec, family, gathered[family.name], documents[family.name])
        _check_stream(spec, family, gathered[family.name], documents[family.name]["verbs"])
    _check_duplicate_models(spec, documents, gathered)
    _check_models(spec, documents["wire"], gathered["wire"])
    _check_task(documents["task"], gathered["task"])
    check_service(spec, documents["service"], gathered["service"])
    check_error_rows(documents["wire"], gathered["wire"])
    for stem, document in documents.items():
        if stem != "sources":
            _check_sources(document, documents["sources"], gathered[stem])
    _check_statements(spec, documents["sources"], gathered["sources"])
    return [line for diagnostics in gathered.values() for line in diagnostics.lines]


def _check_leaves(spec: Spec, family: Family, diagnostics: Diagnostics, document: LineMap) -> None:
    """Every end of the body form is a field of the right type, and every field has one place."""
    if family.body not in spec.bodies:
        diagnostics.unknown_name(document.lines["body"], "the body form", family.body, spec.bodies)
        return
    body = spec.bodies[family.body]
    types = {field.name: field.type for field in family.fields}
    ends = [*_leaves(body)]
    used = [name for name, _ in ends]
    line = document.lines["fields"]
    for name, is_list in ends:
        if name not in types:
            diagnostics.add(
                line, f"the body form {family.body} needs the field {name!r}", "it among the fields"
            )
        elif is_list and types[name] != "list":
            diagnostics.add(line, f"{name} is no list in the body form {family.body}", "the type list")
    for name in dict.fromkeys(name for name in used if used.count(name) > 1):
        diagnostics.add(line, f"the body form {family.body} has {name!r} at two places", "one place")
    _check_positions(family, body, used, diagnostics, document["fields"])


def _leaves(body: Node) -> Iterator[tuple[str, bool]]:
    """The field at each end of a body form, and whether it has to be a list."""
    for node in body.walk():
        if node.field:
            yield node.field, node.only
        for _, name in node.parts:
            yield name, False


def _check_positions(family: Family, body: Node, used: list[str], diagnostics: Diagnostics, fields: LineMap) -> None:
    containers = [name for name, node in body.members if node.form in ("object", "rest")]
    rest = any(node.form == "rest" for node in body.walk())
    for field in family.fields:
        line = fields.lines[field.name]
        if field.place and field.name in used:
            diagnostics.add(line, f"{field.name} has a place in the body form too", "one place")
        elif field.place and field.place not in containers:
            diagnostics.unknown_name(line, f"the place of {field.name},", field.place, containers)
        elif not field.place and field.name not in used and not rest:
            what = f"{field.name} has no place in the body form {family.body}"
            diagnostics.add(line, what, 'a place, or "*" in the form')


def _check_stream(spec: Spec, family: Family, diagnostics: Diagnostics, verbs: LineMap) -> None:
    """The verb that streams needs a call that does."""
    endpoints = spec.wire["endpoints"]
    if "stream" in verbs and not any("stream" in endpoints.get(model, ()) for model in family.models):
        diagnostics.add(
            verbs.lines["stream"], "no model of the verb stream has such an endpoint", "one in wire.yaml"
        )


def _check_duplicate_models(spec: Spec, documents: Mapping[str, LineMap], gathered: Mapping[str, Diagnostics]) -> None:
    """A model stands once, in one file."""
    first: dict[str, str] = {}
    for family in spec.families:
        models: LineList = documents[family.name]["models"]
        for model, line in zip(models, models.lines, strict=True):
            if model in first:
                what = f"the model {model!r} stands in {first[model]} too"
                gathered[family.name].add(line, what, "it once")
            first.setdefault(model, f"{family.name}.yaml:{line}")


def _check_models(spec: Spec, wire: LineMap, diagnostics: Diagnostics) -> None:
    for table in _BY_MODEL:
        for model in wire[table]:
            if model not in spec.models:
                diagnostics.unknown_name(wire[table].lines[model], f"the model of {table},", model, spec.models)
        for model in dict.fromkeys(spec.models):
            if model not in wire[table]:
                diagnostics.add(wire.lines[table], f"{table} lacks {model}", "every model")
    for table in wire.get("table_sources", ()):
        if table not in wire:
            diagnostics.unknown_name(wire["table_sources"].lines[table], "the table", table, wire)
    code = wire["timeouts"]["internal_code"]
    if code not in wire["errors"]:
        diagnostics.unknown_name(wire["timeouts"].lines["internal_code"], "the code", code, wire["errors"])
    if "fine_tuned" in wire:
        _check_fine_tuned(wire["fine_tuned"], wire["regions"], diagnostics)
    if wire["default_region"] not in wire["regions"]:
        diagnostics.unknown_name(
            wire.lines["default_region"], "the region", wire["default_region"], wire["regions"]
        )
    for region, table in wire["regions"].items():
        if "host" not in table and "workspace_host" not in table:
            line = wire["regions"].lines[region]
            diagnostics.add(line, f"the region {region} has no host", "host or workspace_host")
        if "calls" in table:
            _check_region(region, table["calls"], wire["endpoints"], diagnostics)
    for model, prices in wire["prices"].items():
        for region in prices:
            if region not in wire["regions"]:
                diagnostics.unknown_name(prices.lines[region], f"the region of {model},", region, wire["regions"])


def _check_fine_tuned(raw: LineMap, regions: LineMap, diagnostics: Diagnostics) -> None:
    """A form that can be matched, and regions that there are."""
    try:
        re.compile(raw["ending"], re.ASCII)
    except (re.error, OverflowError, RecursionError) as error:
        diagnostics.add(raw.lines["ending"], "the ending of ids", f"a regular expression ({error})")
    for region in raw["regions"]:
        if region not in regions:
            diagnostics.unknown_name(raw.lines["regions"], "the region", region, regions)


def _check_region(region: str, by_model: LineMap, endpoints: LineMap, diagnostics: Diagnostics) -> None:
    for model, calls in by_model.items():
        line = by_model.lines[model]
        if model not in endpoints:
            diagnostics.unknown_name(line, f"the model of region {region},", model, endpoints)
            continue
        for call in calls:
            if call not in endpoints[model]:
                diagnostics.unknown_name(line, f"the call of {model},", call, endpoints[model])


def _check_task(task: LineMap, diagnostics: Diagnostics) -> None:
    states = task["states"]
    for line, state in _named_states(task, states):
        if state not in states:
            diagnostics.unknown_name(line, "the state", state, states)
    for name, each in states.items():
        if ("next" in each) == ("terminal" in each):
            what = "both next and" if "next" in each else "neither next nor"
            diagnostics.add(states.lines[name], f"the state {name} has {what} terminal", "one of them")
    for name, each in states.items():
        if name in each.get("next", ()):
            diagnostics.add(each.lines["next"], f"the state {name} follows itself", "other states")
    for outcome, state in task["outcomes"].items():
        terminal = [name for name, each in states.items() if "terminal" in each or "next" not in each]
        if state not in terminal:
            diagnostics.unknown_name(task["outcomes"].lines[outcome], "the terminal state", state, terminal)


def _named_states(task: LineMap, states: LineMap) -> Iterator[tuple[int, str]]:
    yield task.lines["initial"], task["initial"]
    for state in task["cancelable"]:
        yield task.lines["cancelable"], state
    for each in states.values():
        for state in each.get("next", ()):
            yield each.lines["next"], state
    for name in ("expires", "links_expire"):
        if "into" in task[name]:
            yield task[name].lines["into"], task[name]["into"]


def _check_sources(document: LineMap, sources: LineMap, diagnostics: Diagnostics) -> None:
    for line, source in _named_sources(document):
        page, _, section = source.partition("#")
        if page not in sources["pages"]:
            diagnostics.unknown_name(line, "the source", page, sources["pages"])
        elif section not in sources["pages"][page]["sections"]:
            diagnostics.unknown_name(line, f"the section of {page},", section, sources["pages"][page]["sections"])


def _named_sources(value: Any) -> Iterator[tuple[int, str]]:
    if isinstance(value, LineMap):
        for key, inner in value.items():
            if key == "source" and isinstance(inner, str):
                yield value.lines[key], inner
            elif key == "table_sources":
                yield from ((inner.lines[table], inner[table]) for table in inner)
            else:
                yield from _named_sources(inner)
    elif isinstance(value, LineList):
        for inner in value:
            yield from _named_sources(inner)


def _check_statements(spec: Spec, sources: LineMap, diagnostics: Diagnostics) -> None:
    for name, statement in sources["statements"].items():
        ties = statement.get("rules", LineList(0))
        if not isinstance(ties, LineList):
            diagnostics.add(statement.lines["rules"], f"the rules of {name} are {ties!r}", "a list of ids")
            continue
        for tie, line in zip(ties, ties.lines, strict=True):
            if not isinstance(tie, str) or (tie not in spec.rules and tie not in spec.facts):
                diagnostics.unknown_name(line, f"the rule of {name},", tie, [*spec.rules, *spec.facts])
