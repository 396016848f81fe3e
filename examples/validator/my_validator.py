"""A validator like that of many projects: a few rules, copied by hand from the vendor's page."""

from typing import Any

MODELS = ("wan2.7-image", "wan2.7-image-pro")


def validate(body: Any) -> list[str]:
    """Return the ids of the rules that a body violates."""
    if not isinstance(body, dict) or body.get("model") not in MODELS:
        return []
    parameters = body.get("parameters")
    if not isinstance(parameters, dict):
        return []
    rules = []
    n, is_sequential = parameters.get("n"), parameters.get("enable_sequential") is True
    if isinstance(n, int | float) and not isinstance(n, bool) and n == int(n):
        if n < 1:
            rules.append("wan2.7/n.min")
        if n > 12 and is_sequential:
            rules.append("wan2.7/n.max:sequential")
        if n > 6 and not is_sequential:  # the page states 4
            rules.append("wan2.7/n.max")
    return rules
