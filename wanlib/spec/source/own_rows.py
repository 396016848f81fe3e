"""The tables of a model file by model, in the form of the tables of `wire.yaml`."""

from wanlib.spec.source.yaml_reader import LineMap

MODEL_TABLES = ("calls", "regions", "rates", "prices")
"""The tables that a model file may have for its models."""

REMARKS = ("source", "notes")


def rows_by_model(document: LineMap, name: str) -> LineMap:
    """Return the rows of a table of a model file.

    Args:
        document: The model file.
        name: The table; if the file does not have it, there are no rows.

    Returns:
        A row for each model. If the table names no model of the file, it is the row of all of them.
    """
    rows = LineMap(document.line)
    if name not in document:
        return rows
    table = without_remarks(document[name])
    if is_by_model(document, name):
        return table
    if name == "calls":
        table = _endpoints(table)
    for model in document["models"] if table else ():
        rows[model] = table
        rows.lines[model] = document.lines[name]
    return rows


def _endpoints(calls: LineMap) -> LineMap:
    """Return the endpoint of each call, without the modes that calls need."""
    rows = LineMap(calls.line)
    for call, entry in calls.items():
        if not isinstance(entry, LineMap) or "is" in entry:
            rows[call] = entry["is"] if isinstance(entry, LineMap) else entry
            rows.lines[call] = calls.lines[call]
    return rows


def is_by_model(document: LineMap, name: str) -> bool:
    """Return whether a table of a model file has a row for each model, not one value for all of them."""
    return any(model in document[name] for model in document["models"])


def without_remarks(table: LineMap) -> LineMap:
    """Return a table without its source and notes."""
    rows = LineMap(table.line)
    for key in table:
        if key not in REMARKS:
            rows[key] = table[key]
            rows.lines[key] = table.lines[key]
    return rows


def copied(mapping: LineMap) -> LineMap:
    """Return a shallow copy with its lines."""
    copy = LineMap(mapping.line)
    copy.update(mapping)
    copy.lines.update(mapping.lines)
    return copy
