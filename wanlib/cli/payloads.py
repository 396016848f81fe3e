"""The two bodies nearest to a limit: the last that keeps a rule and the first that breaks it."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conformance.model import Case
    from wanlib.spec import Spec


def payloads(spec: "Spec", rule: str) -> dict[str, Any]:
    """`keeps` and `breaks`: each the body, redacted, its call if one is told, and what is said of it.

    A side is missing where no body shows it: rules on tasks, headers and answers have neither. Raises
    ModuleNotFoundError without the packages that draw pictures.
    """
    from conformance.redact import redacted
    from wanlib.spec import interpret

    told = {}
    for side, case in _nearest(spec, rule).items():
        body, call = case.question.body, case.question.call
        told[side] = {
            "body": redacted(body),
            "call": call,
            "messages": [str(each) for each in interpret(spec, body, call)],
        }
    return told


def _nearest(spec: "Spec", rule: str) -> dict[str, "Case"]:
    """The first case that breaks the rule, and the one before it that keeps it, else the first after it.

    No more cases are made than that takes: some hold pictures of 20 MB.
    """
    from conformance.edges import edges

    found: dict[str, Case] = {}
    for case in edges(spec, rule):
        if case.breaks:
            found.setdefault("breaks", case)
        elif "breaks" not in found or "keeps" not in found:
            found["keeps"] = case
        if len(found) == 2:
            break
    return {side: found[side] for side in ("keeps", "breaks") if side in found}
