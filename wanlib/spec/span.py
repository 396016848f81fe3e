"""Spans of time as the spec writes them."""

_SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0}


def seconds(span: str) -> float:
    """`24 h` in seconds."""
    count, unit = span.split()
    return float(count) * _SECONDS[unit]
