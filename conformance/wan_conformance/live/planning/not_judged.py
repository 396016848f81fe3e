"""Rules that a plan cannot judge, with reasons: a run without a finding does not confirm them.

A probe shows only whether a request is refused. So it cannot judge a violation whose outcome no page states;
of a limit beyond which a value is cut or ignored, it shows only that the service still accepts such a value.
"""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

from wan_conformance.live.planning.edges import Edge, is_about
from wan_conformance.live.planning.plan import ProbePlan
from wanlib.spec import Rule, Spec

UNSPECIFIED = "no page states what happens to a violation"
SILENT = "the status does not show where a value is cut or ignored"
DOWNLOADED = "some values need a public image: --image-url"
UNPRICED = "a request without a known model has no price"
NO_REQUEST = "no request tests it alone"
_OF_URLS = ("schemes", "public")


def not_judged(
    spec: Spec,
    plan: ProbePlan,
    models: tuple[str, ...] = (),
    rules: tuple[str, ...] = (),
    image_url: str | None = None,
) -> Mapping[str, tuple[str, ...]]:
    """Return the ids of the rules that a plan does not judge, or not completely, by the reason.

    Args:
        spec: The spec.
        plan: The plan for it, with the same models, rules and image.
        models: Only these models; empty for all.
        rules: Only rules whose ids match one of these patterns; empty for all.
        image_url: A public image; None if there is none.
    """
    probed = {edge.rule.id for edge in (*plan.refused, *_packed(plan))}
    reasons: dict[str, list[str]] = {}
    for rule in spec.rules.values():
        is_chosen = not rules or any(fnmatchcase(rule.id, glob) for glob in rules)
        if (
            rule.scope == "body"
            and is_chosen
            and is_about(spec, rule, models)
            and _has_form(spec, rule, models)
        ):
            reason = _reason(rule, is_probed=rule.id in probed, has_image=image_url is not None)
            if reason:
                reasons.setdefault(reason, []).append(rule.id)
    return {reason: tuple(ids) for reason, ids in reasons.items()}


def _has_form(spec: Spec, rule: Rule, models: tuple[str, ...]) -> bool:
    """Return whether a rule on a body form is on that of one of these models; empty for all."""
    form = rule.id.partition("/")[2].partition(".")[0]
    if not models or form not in spec.bodies:
        return True
    return form in {spec.family(model).body for model in models}


def _packed(plan: ProbePlan) -> Iterator[Edge]:
    return (edge for pack in plan.packs for edge in pack.edges)


def _reason(rule: Rule, *, is_probed: bool, has_image: bool) -> str:
    """Return why a rule is not judged completely; empty if it is."""
    if rule.outcome == "unspecified":
        return UNSPECIFIED
    if rule.outcome != "rejected":
        return SILENT
    if not is_probed:
        return UNPRICED if rule.kind == "model" else NO_REQUEST
    return DOWNLOADED if rule.kind in _OF_URLS and not has_image else ""
