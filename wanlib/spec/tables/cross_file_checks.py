"""Check that the files of a spec agree on the names that they share."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from wanlib.spec.model.errors import Diagnostics
from wanlib.spec.model.model import Family, Node
from wanlib.spec.model.spec import Spec
from wanlib.spec.source.yaml_reader import LineList, LineMap
from wanlib.spec.tables.offer_checks import check_offers
from wanlib.spec.tables.own_tables import check_own_tables
from wanlib.spec.tables.table_checks import check_error_rows, check_service


def check_references(spec: Spec, documents: Mapping[str, LineMap], own: Collection[str]) -> list[str]:
    """Return the diagnostics about names that one file uses and another file does not define.

    Args:
        spec: The spec that was built from the files.
        documents: The files by stem.
        own: The stems of the files in which a row without an effect is reported.
    """
    diagnostics = {stem: Diagnostics(f"{stem}.yaml") for stem in documents}
    for family in spec.families:
        document = documents[family.name]
        _check_leaves(spec, family, diagnostics[family.name], document, documents["wire"]["bodies"])
        _check_stream(spec, family, diagnostics[family.name], document["verbs"])
        _check_result(document["output"], documents["wire"], diagnostics[family.name])
        _check_calls(family, diagnostics[family.name], document)
    if "wire" in own:
        _check_used_forms(spec, documents["wire"], diagnostics["wire"])
    _check_duplicate_models(spec, documents, diagnostics)
    check_own_tables(documents, diagnostics)
    check_offers(spec, documents, diagnostics)
    _check_wire(spec, documents["wire"], diagnostics["wire"])
    _check_task(documents["task"], diagnostics["task"])
    check_service(spec, documents["service"], diagnostics["service"], is_own="service" in own)
    check_error_rows(documents["wire"], diagnostics["wire"])
    for stem, document in documents.items():
        if stem != "sources":
            _check_sources(document, spec.sources, diagnostics[stem])
    for stem, document in documents.items():
        raw = document if stem == "sources" else document.get("sources", {})
        _check_statements(spec, raw.get("statements", LineMap(0)), diagnostics[stem], own)
    return [line for collected in diagnostics.values() for line in collected.lines]


# Model files and body forms.


def _check_leaves(
    spec: Spec, family: Family, diagnostics: Diagnostics, document: LineMap, forms: LineMap
) -> None:
    """Check that each leaf of the form is a field, and each field has one position."""
    if family.body not in spec.bodies:
        diagnostics.unknown_name(document.lines["body"], "the body form", family.body, forms)
        return
    form = spec.form(family)
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
    for field in family.fields:
        others = [other for other in family.fields if other is not field]
        if field.written_as and any(field.written_as in (other.name, other.written_as) for other in others):
            problem = f"{field.name} is written as {field.written_as}, the name of another field"
            diagnostics.add(document["fields"][field.name].lines["as"], problem, "a name of its own")


def _leaves(form: Node) -> Iterator[tuple[str, bool]]:
    """Yield the field at each leaf of a body form, and whether it must be a list."""
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


def _check_result(output: LineMap, wire: LineMap, diagnostics: Diagnostics) -> None:
    if output["result"] not in wire["answers"]:
        line = output.lines["result"]
        diagnostics.unknown_name(line, "the form of answers", output["result"], wire["answers"])


def _check_used_forms(spec: Spec, wire: LineMap, diagnostics: Diagnostics) -> None:
    """Check that each body form is used by a model file."""
    used = {family.body for family in spec.families}
    if not used <= set(wire["bodies"]):  # a misspelt name, which is reported
        return
    for form, line in wire["bodies"].lines.items():
        if form not in used:
            problem = f"no model file has the body form {form}"
            diagnostics.add(line, problem, f"`body: {form}` in one, or the form left out")


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
    for table in wire.get("table_sources", ()):
        if table not in wire:
            diagnostics.unknown_name(wire["table_sources"].lines[table], "the table", table, wire)
    code = wire["timeouts"]["internal_code"]
    if code not in wire["errors"]:
        diagnostics.unknown_name(wire["timeouts"].lines["internal_code"], "the code", code, wire["errors"])
    _check_answers(wire, diagnostics)
    if "fine_tuned" in wire:
        _check_fine_tuned(wire["fine_tuned"], wire["regions"], diagnostics)
    _check_regions(wire, diagnostics)


def _check_answers(wire: LineMap, diagnostics: Diagnostics) -> None:
    """Check that every call except those that return a result has the form of its answer."""
    answers: LineMap = wire["answer_of"]
    calls = ("async", *wire["paths"])
    for call in calls:
        if call not in answers:
            diagnostics.add(wire.lines["answer_of"], f"answer_of lacks {call}", f"{', '.join(calls)}")
    for call, form in answers.items():
        line = answers.lines[call]
        if call not in calls:
            diagnostics.unknown_name(line, "the call of answer_of,", call, calls)
        if form not in wire["answers"]:
            diagnostics.unknown_name(line, "the form of answers", form, wire["answers"])


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


def _check_sources(document: LineMap, sources: Mapping[str, Any], diagnostics: Diagnostics) -> None:
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


def _check_statements(
    spec: Spec, statements: LineMap, diagnostics: Diagnostics, own: Collection[str]
) -> None:
    """Check that statements are tied to rules and facts that exist.

    A statement of a packaged file may be tied to an id that an overlay removes.
    """
    is_own = diagnostics.file.removesuffix(".yaml") in own
    for name, statement in statements.items():
        ids = statement.get("rules", LineList(0))
        page, _, rest = name.partition("#")
        if page not in spec.sources["pages"] or not rest:
            known = [f"{known_page}#…" for known_page in spec.sources["pages"]]
            diagnostics.unknown_name(statements.lines[name], "the page of the statement", name, known)
        elif statement["section"] not in spec.sources["pages"][page]["sections"]:
            sections = spec.sources["pages"][page]["sections"]
            line = statement.lines["section"]
            diagnostics.unknown_name(line, f"the section of {page},", statement["section"], sections)
        if not isinstance(ids, LineList):
            problem = f"the rules of {name} are {ids!r}"
            diagnostics.add(statement.lines["rules"], problem, "a list of ids")
            continue
        for rule_id, line in zip(ids, ids.lines, strict=True):
            if isinstance(rule_id, str) and (not is_own or rule_id in spec.rules or rule_id in spec.facts):
                continue
            known = [*spec.rules, *spec.facts]
            diagnostics.unknown_name(line, f"the rule of {name},", rule_id, known)
