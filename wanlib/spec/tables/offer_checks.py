"""Check what each model offers: calls, regions, rates and prices, whichever file states them."""

from collections.abc import Iterator, Mapping

from wanlib.spec.model.errors import Diagnostics
from wanlib.spec.model.rates import row_problems
from wanlib.spec.model.spec import Spec
from wanlib.spec.source.own_rows import rows_by_model
from wanlib.spec.source.yaml_reader import LineMap
from wanlib.spec.tables.own_tables import model_files

_OWN_NAME = {"endpoints": "calls", "rates": "rates", "prices": "prices"}
"""The name in a model file of each table of `wire.yaml` with a row for each model."""


def check_offers(
    spec: Spec, documents: Mapping[str, LineMap], diagnostics: Mapping[str, Diagnostics]
) -> None:
    """Check that every model has calls, a region, rates, and a price in each of its regions.

    Args:
        spec: The spec; its `wire` has the rows of all files.
        documents: The files by stem.
        diagnostics: Collects the problems of each file, by its stem.
    """
    wire = documents["wire"]
    for table in _OWN_NAME:
        rows = wire.get(table, LineMap(0))
        for model, line in rows.lines.items():
            if model not in spec.models:
                diagnostics["wire"].unknown_name(line, f"the model of {table},", model, spec.models)
    for stem, document in model_files(documents).items():
        models = document["models"]
        for model, line in zip(models, models.lines, strict=True):
            _check_model(spec, wire, model, line, diagnostics[stem])
    for stem, region, calls in _offers(documents):
        _check_calls(spec, region, calls, diagnostics[stem])
    _check_prices(spec, documents, diagnostics)
    for stem, model, line, row in _rate_rows(documents):
        for part, problem, expected in row_problems(row):
            diagnostics[stem].add(row.lines.get(part, line), f"the rate of {model}: {problem}", expected)


def _rate_rows(documents: Mapping[str, LineMap]) -> Iterator[tuple[str, str, int, LineMap]]:
    """Yield the stem of a file, a model, and its row of rates with its line."""
    rows = documents["wire"].get("rates", LineMap(0))
    yield from (("wire", model, rows.lines[model], row) for model, row in rows.items())
    for stem, document in model_files(documents).items():
        rows = rows_by_model(document, "rates")
        yield from ((stem, model, rows.lines[model], row) for model, row in rows.items())


def _check_model(spec: Spec, wire: LineMap, model: str, line: int, diagnostics: Diagnostics) -> None:
    for table, name in _OWN_NAME.items():
        if model not in spec.wire[table]:
            expected = f"{name} in this file, or a row of {table} in wire.yaml"
            diagnostics.add(line, f"the model {model} has no {name}", expected)
    stated = [region["calls"] for region in spec.wire["regions"].values() if "calls" in region]
    if stated and not any(model in calls for calls in stated):
        expected = "regions in this file, or its calls in a region of wire.yaml"
        diagnostics.add(line, f"the model {model} has no region", expected)


def _offers(documents: Mapping[str, LineMap]) -> Iterator[tuple[str, str, LineMap]]:
    """Yield the stem of a file, a region, and the calls there by model."""
    for region, table in documents["wire"]["regions"].items():
        if "calls" in table:
            yield "wire", region, table["calls"]
    for stem, document in model_files(documents).items():
        for model, regions in rows_by_model(document, "regions").items():
            for region, calls in regions.items():
                row = LineMap(regions.line)
                row[model], row.lines[model] = calls, regions.lines[region]
                yield stem, region, row


def _check_calls(spec: Spec, region: str, calls_by_model: LineMap, diagnostics: Diagnostics) -> None:
    endpoints = spec.wire["endpoints"]
    for model, calls in calls_by_model.items():
        line = calls_by_model.lines[model]
        if model not in endpoints:
            if model not in spec.models:  # else its missing calls are reported
                diagnostics.unknown_name(line, f"the model of region {region},", model, endpoints)
            continue
        for call in calls:
            if call not in endpoints[model]:
                diagnostics.unknown_name(line, f"the call of {model},", call, endpoints[model])


def _check_prices(
    spec: Spec, documents: Mapping[str, LineMap], diagnostics: Mapping[str, Diagnostics]
) -> None:
    """Check that a model has a price in exactly the regions that offer it."""
    wire_prices = documents["wire"].get("prices", LineMap(0))
    for family in spec.families:
        for model in family.models:
            if model not in spec.wire["prices"]:
                continue
            stem = "wire" if model in wire_prices else family.name
            _check_prices_of(spec, model, spec.wire["prices"][model], diagnostics[stem])


def _check_prices_of(spec: Spec, model: str, prices: LineMap, diagnostics: Diagnostics) -> None:
    regions = spec.wire["regions"]
    line = spec.wire["prices"].lines[model]
    for name, region in regions.items():
        if name not in prices and model in region.get("calls", ()):
            diagnostics.add(
                line, f"the model {model} has no price in {name}", "one, since it is offered there"
            )
    for name in prices:
        if name not in regions:
            diagnostics.unknown_name(prices.lines[name], f"the region of {model},", name, regions)
        elif "calls" in regions[name] and model not in regions[name]["calls"]:
            problem = f"the model {model} has a price in {name}"
            diagnostics.add(prices.lines[name], problem, "its calls among those of the region too")
