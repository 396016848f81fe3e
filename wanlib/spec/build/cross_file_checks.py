"""Check that the files of a spec agree on the names that they share."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from wanlib.spec.build.table_checks import check_error_rows, check_service
from wanlib.spec.model.errors import Diagnostics
from wanlib.spec.model.model import Family, Node, Spec
from wanlib.spec.source.yaml_reader import LineList, LineMap

_TABLES_BY_MODEL = ("endpoints", "rates", "prices")


def check_references(spec: Spec, documents: Mapping[str, LineMap]) -> list[str]:
    """Return the diagnostics about names that one file uses and another lacks.

    Args:
        spec: The spec that was built of the files.
        documents: The files by stem.
    """
    diagnostics = {stem: Diagnostics(f"{stem}.yaml") for stem in documents}
    for family in spec.families:
        document = documents[family.name]
        _check_leaves(spec, family, diagnostics[family.name], document)
        _check_stream(spec, family, diagnostics[family.name], document["verbs"])
        _check_calls(family, diagnostics[family.name], document)
    _check_duplicate_models(spec, documents, diagnostics)
    _check_wire(spec, documents["wire"], diagnostics["wire"])
    _check_task(documents["task"], diagnostics["task"])
    check_service(spec, documents["service"], diagnostics["service"])
    check_error_rows(documents["wire"], diagnostics["wire"])
    for stem, document in documents.items():
        if stem != "sources":
            _check_sources(document, documents["sources"], diagnostics[stem])
    _check_statements(spec, documents["sources"], diagnostics["sources"])
    return [line for collected in diagnostics.values() for line in collected.lines]


# Model files and body forms.


def _check_leaves(spec: Spec, family: Family, diagnostics: Diagnostics, document: LineMap) -> None:
    """Check that each leaf of the form is a field, and each field has one position."""
    if family.body not in spec.bodies:
        diagnostics.unknown_name(document.lines["body"], "the body form", family.body, spec.bodies)
        return
    form = spec.bodies[family.body]
    types = {field.name: field.type for field in family.fields}
    leaves = [*_leaves(form)]
    names = [name for name, _ in leaves]
    line = document.lines["fields"]
    for name, is_list in leaves:
        if name not in types:
            problem = f"the body form {family.body} needs the field {name!r}"
            diagnostics.add(line, problem, "it among the fields")
        elif is_list and types[name] != "list":
            diagnostics.add(line, f"{name} is not a list in the body form {family.body}", "the type list")
    for name in dict.fromkeys(name for name in names if names.count(name) > 1):
        diagnostics.add(line, f"the body form {family.body} has {name!r} at two places", "one place")
    _check_positions(family, form, names, diagnostics, document["fields"])


def _leaves(form: Node) -> Iterator[tuple[str, bool]]:
    """Yield the field at each leaf of a body form, and whether it has to be a list."""
    for node in form.walk():
        if node.field:
            yield node.field, node.only
        for _, name in node.parts:
            yield name, False


def _check_positions(
    family: Family, form: Node, leaf_names: list[str], diagnostics: Diagnostics, fields: LineMap
) -> None:
    """Check that each field has a position: a leaf, a stated container, or `"*"`."""
    containers = [name for name, node in form.members if node.form in ("object", "rest")]
    has_rest = any(node.form == "rest" for node in form.walk())
    for field in family.fields:
        line = fields.lines[field.name]
        if field.place and field.name in leaf_names:
            diagnostics.add(line, f"{field.name} has a place in the body form too", "one place")
        elif field.place and field.place not in containers:
            diagnostics.unknown_name(line, f"the place of {field.name},", field.place, containers)
        elif not field.place and field.name not in leaf_names and not has_rest:
            problem = f"{field.name} has no place in the body form {family.body}"
            diagnostics.add(line, problem, 'a place, or "*" in the form')


def _check_stream(spec: Spec, family: Family, diagnostics: Diagnostics, verbs: LineMap) -> None:
    """Check that the verb `stream` has a model with a streamed call."""
    endpoints = spec.wire["endpoints"]
    if "stream" in verbs and not any("stream" in endpoints.get(model, ()) for model in family.models):
        problem = "no model of the verb stream has such an endpoint"
        diagnostics.add(verbs.lines["stream"], problem, "one in wire.yaml")


def _check_calls(family: Family, diagnostics: Diagnostics, document: LineMap) -> None:
    """Check that each call with a rule is a call of some model of the family."""
    for call, rule in family.call_rules.items():
        if not rule.models:
            problem = f"no model of the family has the call {call}"
            diagnostics.add(document["calls"].lines[call], problem, "one in wire.yaml, or no rule on it")


def _check_duplicate_models(
    spec: Spec, documents: Mapping[str, LineMap], diagnostics: Mapping[str, Diagnostics]
) -> None:
    """Check that each model is listed once, in one file."""
    first_places: dict[str, str] = {}
    for family in spec.families:
        models: LineList = documents[family.name]["models"]
        for model, line in zip(models, models.lines, strict=True):
            if model in first_places:
                problem = f"the model {model!r} is listed in {first_places[model]} too"
                diagnostics[family.name].add(line, problem, "it once")
            first_places.setdefault(model, f"{family.name}.yaml:{line}")


# wire.yaml.


def _check_wire(spec: Spec, wire: LineMap, diagnostics: Diagnostics) -> None:
    """Check the models, codes and regions that the tables of `wire.yaml` name."""
    _check_models(spec, wire, diagnostics)
    for table in wire.get("table_sources", ()):
        if table not in wire:
            diagnostics.unknown_name(wire["table_sources"].lines[table], "the table", table, wire)
    code = wire["timeouts"]["internal_code"]
    if code not in wire["errors"]:
        diagnostics.unknown_name(wire["timeouts"].lines["internal_code"], "the code", code, wire["errors"])
    if "fine_tuned" in wire:
        _check_fine_tuned(wire["fine_tuned"], wire["regions"], diagnostics)
    _check_regions(wire, diagnostics)


def _check_models(spec: Spec, wire: LineMap, diagnostics: Diagnostics) -> None:
    for table in _TABLES_BY_MODEL:
        rows = wire[table]
        for model in rows:
            if model not in spec.models:
                diagnostics.unknown_name(rows.lines[model], f"the model of {table},", model, spec.models)
        for model in dict.fromkeys(spec.models):
            if model not in rows:
                diagnostics.add(wire.lines[table], f"{table} lacks {model}", "every model")


def _check_fine_tuned(raw: LineMap, regions: LineMap, diagnostics: Diagnostics) -> None:
    """Check that the pattern compiles and the regions exist."""
    try:
        re.compile(raw["ending"], re.ASCII)
    except (re.error, OverflowError, RecursionError) as error:
        diagnostics.add(raw.lines["ending"], "the ending of ids", f"a regular expression ({error})")
    for region in raw["regions"]:
        if region not in regions:
            diagnostics.unknown_name(raw.lines["regions"], "the region", region, regions)


def _check_regions(wire: LineMap, diagnostics: Diagnostics) -> None:
    regions, default = wire["regions"], wire["default_region"]
    if default not in regions:
        diagnostics.unknown_name(wire.lines["default_region"], "the region", default, regions)
    for region, table in regions.items():
        if "host" not in table and "workspace_host" not in table:
            problem = f"the region {region} has no host"
            diagnostics.add(regions.lines[region], problem, "host or workspace_host")
        if "calls" in table:
            _check_region_calls(region, table["calls"], wire["endpoints"], diagnostics)
    for model, prices in wire["prices"].items():
        for region in prices:
            if region not in regions:
                diagnostics.unknown_name(prices.lines[region], f"the region of {model},", region, regions)


def _check_region_calls(
    region: str, calls_by_model: LineMap, endpoints: LineMap, diagnostics: Diagnostics
) -> None:
    for model, calls in calls_by_model.items():
        line = calls_by_model.lines[model]
        if model not in endpoints:
            diagnostics.unknown_name(line, f"the model of region {region},", model, endpoints)
            continue
        for call in calls:
            if call not in endpoints[model]:
                diagnostics.unknown_name(line, f"the call of {model},", call, endpoints[model])


# task.yaml.


def _check_task(task: LineMap, diagnostics: Diagnostics) -> None:
    """Check that every state exists, and is either terminal or followed by others."""
    states = task["states"]
    for line, state in _named_states(task, states):
        if state not in states:
            diagnostics.unknown_name(line, "the state", state, states)
    for name, state in states.items():
        if ("next" in state) == ("terminal" in state):
            has = "both next and" if "next" in state else "neither next nor"
            diagnostics.add(states.lines[name], f"the state {name} has {has} terminal", "one of them")
    for name, state in states.items():
        if name in state.get("next", ()):
            diagnostics.add(state.lines["next"], f"the state {name} follows itself", "other states")
    terminal = [name for name, state in states.items() if "terminal" in state or "next" not in state]
    for outcome, state in task["outcomes"].items():
        if state not in terminal:
            line = task["outcomes"].lines[outcome]
            diagnostics.unknown_name(line, "the terminal state", state, terminal)


def _named_states(task: LineMap, states: LineMap) -> Iterator[tuple[int, str]]:
    """Yield every state that a line refers to, with the line."""
    yield task.lines["initial"], task["initial"]
    for name in task["cancelable"]:
        yield task.lines["cancelable"], name
    for state in states.values():
        for name in state.get("next", ()):
            yield state.lines["next"], name
    for term in ("expires", "links_expire"):
        if "into" in task[term]:
            yield task[term].lines["into"], task[term]["into"]


# sources.yaml.


def _check_sources(document: LineMap, sources: LineMap, diagnostics: Diagnostics) -> None:
    """Check that every `source` names a page and a section of it."""
    pages = sources["pages"]
    for line, source in _named_sources(document):
        page, _, section = source.partition("#")
        if page not in pages:
            diagnostics.unknown_name(line, "the source", page, pages)
        elif section not in pages[page]["sections"]:
            diagnostics.unknown_name(line, f"the section of {page},", section, pages[page]["sections"])


def _named_sources(value: Any) -> Iterator[tuple[int, str]]:
    """Yield every source that a value states, with its line."""
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
    """Check that statements are tied to rules and facts that exist."""
    for name, statement in sources["statements"].items():
        ids = statement.get("rules", LineList(0))
        if not isinstance(ids, LineList):
            problem = f"the rules of {name} are {ids!r}"
            diagnostics.add(statement.lines["rules"], problem, "a list of ids")
            continue
        for rule_id, line in zip(ids, ids.lines, strict=True):
            if not isinstance(rule_id, str) or (rule_id not in spec.rules and rule_id not in spec.facts):
                known = [*spec.rules, *spec.facts]
                diagnostics.unknown_name(line, f"the rule of {name},", rule_id, known)
