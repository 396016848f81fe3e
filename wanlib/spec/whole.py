"""What the files of a spec say of each other."""

from collections.abc import Iterator, Mapping
from typing import Any

from wanlib.spec.complaints import Complaints
from wanlib.spec.model import Family, Spec
from wanlib.spec.reader import Map

_BY_MODEL = ("endpoints", "rates", "prices")


def check_whole(spec: Spec, documents: Mapping[str, Map]) -> list[str]:
    """The complaints about names that one file uses and another should hold."""
    gathered = {stem: Complaints(f"{stem}.yaml") for stem in documents}
    for family in spec.families:
        _check_body(spec, family, gathered[family.name], documents[family.name])
    _check_models(spec, documents["wire"], gathered["wire"])
    _check_task(documents["task"], gathered["task"])
    for stem, document in documents.items():
        if stem != "sources":
            _check_sources(document, documents["sources"], gathered[stem])
    _check_statements(spec, documents["sources"], gathered["sources"])
    return [line for complaints in gathered.values() for line in complaints.lines]


def _check_body(spec: Spec, family: Family, complaints: Complaints, document: Map) -> None:
    if family.body not in spec.bodies:
        complaints.unknown(document.lines["body"], "the body form", family.body, spec.bodies)
        return
    body = spec.bodies[family.body]
    used = [
        name for node in body.walk() for name in (node.field, *(field for _, field in node.parts)) if name
    ]
    known = [field.name for field in family.fields]
    for name in used:
        if name not in known:
            complaints.add(
                document.lines["fields"],
                f"the body form {family.body} needs the field {name!r}",
                "it among the fields",
            )
    containers = [name for name, _ in body.members]
    for field in family.fields:
        if field.place and (field.place not in containers or field.name in used):
            complaints.unknown(
                document["fields"].lines[field.name], f"the place of {field.name}", field.place, containers
            )


def _check_models(spec: Spec, wire: Map, complaints: Complaints) -> None:
    if len(set(spec.models)) < len(spec.models):
        complaints.add(1, "a model stands in two files", "each model once")
    for table in _BY_MODEL:
        for model in wire[table]:
            if model not in spec.models:
                complaints.unknown(wire[table].lines[model], "the model", model, spec.models)
        for model in spec.models:
            if model not in wire[table]:
                complaints.add(wire.lines[table], f"{table} lacks {model}", "every model")
    for region, table in wire["regions"].items():
        for model, calls in table["calls"].items():
            have = wire["endpoints"].get(model)
            if have is None:
                complaints.unknown(
                    table["calls"].lines[model], f"the model of region {region}", model, spec.models
                )
                continue
            for call in calls:
                if call not in have:
                    complaints.unknown(table["calls"].lines[model], f"the call of {model}", call, have)
    for model, prices in wire["prices"].items():
        for region in prices:
            if region not in wire["regions"]:
                complaints.unknown(prices.lines[region], f"the region of {model}", region, wire["regions"])


def _check_task(task: Map, complaints: Complaints) -> None:
    states = task["states"]
    used = [(task.lines["initial"], task["initial"])]
    used += [(task.lines["cancelable"], state) for state in task["cancelable"]]
    used += [(states.lines[name], state) for name, each in states.items() for state in each.get("next", ())]
    used += [
        (task.lines[name], task[name]["into"]) for name in ("expires", "links_expire") if "into" in task[name]
    ]
    for line, state in used:
        if state not in states:
            complaints.unknown(line, "the state", state, states)
    for name, each in states.items():
        if ("next" in each) == ("terminal" in each):
            complaints.add(
                states.lines[name],
                f"the state {name} is {'both' if 'next' in each else 'neither'}",
                "next or terminal",
            )


def _check_sources(document: Map, sources: Map, complaints: Complaints) -> None:
    for line, source in _named_sources(document):
        page, _, section = source.partition("#")
        if page not in sources["pages"]:
            complaints.unknown(line, "the source", page, sources["pages"])
        elif section not in sources["pages"][page]["sections"]:
            complaints.unknown(line, f"the section of {page}", section, sources["pages"][page]["sections"])


def _named_sources(value: Any) -> Iterator[tuple[int, str]]:
    if isinstance(value, Map):
        for key, inner in value.items():
            if key == "source" and isinstance(inner, str):
                yield value.lines[key], inner
            else:
                yield from _named_sources(inner)


def _check_statements(spec: Spec, sources: Map, complaints: Complaints) -> None:
    for name, statement in sources["statements"].items():
        line = sources["statements"].lines[name]
        for rule in statement.get("rules", ()):
            if rule not in spec.rules and rule not in spec.facts:
                complaints.unknown(line, f"the rule of {name}", rule, [*spec.rules, *spec.facts])
