"""What the rows on error codes in `wire.yaml` have to agree with."""

from wanlib.spec.complaints import Complaints
from wanlib.spec.reader import Map


def check_error_rows(wire: Map, complaints: Complaints) -> None:
    """Add a complaint for each row that names a code that is not in the table, or says too little.

    Args:
        wire: the mapping of `wire.yaml`.
        complaints: those of that file.
    """
    errors = wire["errors"]
    for code, row in errors.items():
        main = row.get("alias_of")
        if main is None:
            if not row.get("means"):
                complaints.add(errors.lines[code], f"{code} does not say what it means", "means, or alias_of")
        elif main not in errors:
            complaints.unknown(errors.lines[code], "the code", main, errors)
        elif "alias_of" in errors[main]:
            complaints.add(errors.lines[code], f"{code} is an alias of an alias", errors[main]["alias_of"])
        else:
            for part in ("class", "retry"):
                if row.get(part) != errors[main].get(part):
                    what = f"{code} has another {part} than {main}"
                    complaints.add(errors.lines[code], what, f"{errors[main].get(part, 'none')}")
    prefixes = wire["error_prefixes"]["is"]
    for line, prefix in zip(prefixes.lines, prefixes, strict=True):
        if prefix not in errors:
            complaints.unknown(line, "the code", prefix, errors)
    for row in wire["error_wordings"].values():
        for code in row["codes"]:
            if code not in errors:
                complaints.unknown(row.lines["codes"], "the code", code, errors)
        if row["contains"] != row["contains"].lower():
            complaints.add(row.lines["contains"], "contains has capitals", row["contains"].lower())
