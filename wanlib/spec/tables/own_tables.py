"""The tables that a model file may contain itself: calls, regions, rates, prices and sources.

`merge_wire` and `merge_sources` return `wire.yaml` and `sources.yaml` with the rows of all model files, so
that other parts need not know which file has a row. A table has one value for all models of the file, or a
row for each model.
"""

from collections.abc import Iterator, Mapping

from wanlib.spec.model.errors import Diagnostics
from wanlib.spec.model.model import Fact
from wanlib.spec.source.files import SINGLE_FILES
from wanlib.spec.source.own_rows import MODEL_TABLES, copied, rows_by_model
from wanlib.spec.source.yaml_reader import LineMap

Documents = Mapping[str, LineMap]
_TABLE_OF = {"calls": "endpoints", "rates": "rates", "prices": "prices"}
"""The table of `wire.yaml` that a table of a model file extends, besides the calls of each region."""

_FACT_TABLES = ("rates", "prices")
_SOURCE_TABLES = ("pages", "statements")


def merge_wire(documents: Documents) -> LineMap:
    """Return `wire.yaml` with the rows of all model files; its own rows take precedence."""
    wire = copied(documents["wire"])
    for name in _TABLE_OF.values():
        wire[name] = copied(wire.get(name, LineMap(wire.line)))
        wire.lines.setdefault(name, wire.line)
    wire["regions"] = copied(wire["regions"])
    for document in model_files(documents).values():
        for name, table in _TABLE_OF.items():
            _add(wire[table], rows_by_model(document, name))
        for model, regions in rows_by_model(document, "regions").items():
            for region in regions:
                if region in wire["regions"]:
                    _add_calls(wire["regions"], region, model, regions)
    return wire


def merge_sources(documents: Documents) -> LineMap:
    """Return `sources.yaml` with the pages and statements of all model files."""
    sources = copied(documents["sources"])
    for table in _SOURCE_TABLES:
        sources[table] = copied(sources[table])
        for document in model_files(documents).values():
            _add(sources[table], document.get("sources", {}).get(table, LineMap(0)))
    return sources


def own_facts(stem: str, document: LineMap, file: str) -> list[Fact]:
    """Return the rates and prices of one model file, by model even if the file has one row for all of them.

    Calls and regions are part of the rules `wire/endpoints` and `wire/regions`.
    """
    facts = []
    for name in _FACT_TABLES:
        table = document.get(name, LineMap(0))
        source, notes = table.get("source", document["source"]), table.get("notes", "")
        rows = rows_by_model(document, name)
        facts += [
            Fact(f"{stem}/{name}.{model}", row, file, rows.lines[model], source, notes)
            for model, row in rows.items()
        ]
    return facts


def model_files(documents: Documents) -> dict[str, LineMap]:
    """Return the model files among the documents, in their order."""
    return {stem: document for stem, document in documents.items() if stem not in SINGLE_FILES}


def check_own_tables(documents: Documents, diagnostics: Mapping[str, Diagnostics]) -> None:
    """Check that each row is stated once, and that the rows of a model file are complete.

    Args:
        documents: The files by stem.
        diagnostics: Collects the problems of each file, by its stem.
    """
    wire = documents["wire"]
    stated = {table: _places("wire", wire.get(table, LineMap(0))) for table in _TABLE_OF.values()}
    stated["regions"] = {}
    for region in wire["regions"].values():
        stated["regions"] |= _places("wire", region.get("calls", LineMap(0)))
    for table in _SOURCE_TABLES:
        stated[table] = _places("sources", documents["sources"][table])
    for stem, document in model_files(documents).items():
        for name, rows in _named_rows(document):
            table = _TABLE_OF.get(name, name)
            for row, line in rows.lines.items():
                if row in stated[table]:
                    problem = f"the {name} of {row} are in {stated[table][row]} too"
                    diagnostics[stem].add(line, problem, "them once")
            stated[table] |= _places(stem, rows)
        _check_models(document, diagnostics[stem])
        _check_region_names(document, wire["regions"], diagnostics[stem])


def _named_rows(document: LineMap) -> Iterator[tuple[str, LineMap]]:
    for name in MODEL_TABLES:
        yield name, rows_by_model(document, name)
    for table in _SOURCE_TABLES:
        yield table, document.get("sources", {}).get(table, LineMap(0))


def _places(stem: str, rows: LineMap) -> dict[str, str]:
    return {row: f"{stem}.yaml:{line}" for row, line in rows.lines.items()}


def _check_models(document: LineMap, diagnostics: Diagnostics) -> None:
    """Check that a table with a row for each model names the models of the file, and all of them."""
    for name in MODEL_TABLES:
        rows = rows_by_model(document, name)
        for model, line in rows.lines.items():
            if model not in document["models"]:
                diagnostics.unknown_name(line, f"the model of {name},", model, document["models"])
        for model in document["models"]:
            if rows and model not in rows:
                diagnostics.add(document.lines[name], f"{name} lacks {model}", "every model of the file")


def _check_region_names(document: LineMap, regions: LineMap, diagnostics: Diagnostics) -> None:
    rows = {id(row): row for row in rows_by_model(document, "regions").values()}
    for row in rows.values():
        for region in row:
            if region not in regions:
                diagnostics.unknown_name(row.lines[region], "the region", region, regions)


def _add(table: LineMap, rows: LineMap) -> None:
    for row in rows:
        if row not in table:
            table[row] = rows[row]
            table.lines[row] = rows.lines[row]


def _add_calls(regions: LineMap, name: str, model: str, offers: LineMap) -> None:
    region = regions[name] = copied(regions[name])
    calls = region["calls"] = copied(region.get("calls", LineMap(offers.line)))
    region.lines.setdefault("calls", offers.line)
    if model not in calls:
        calls[model] = offers[name]
        calls.lines[model] = offers.lines[name]
