"""The edges of a spec that can be sent to a service: for each rule and model, a few of its boundary cases.

`select_edges` chooses them. A body is sent as JSON, so images are small data URIs wherever no rule needs a
URL, and the number of pictures is the minimum that the rule allows.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

from wan_conformance.live.probe import Side
from wanlib.base.values import ABSENT, UNDETERMINED
from wanlib.boundary.body import RequestBuilder, encode_body
from wanlib.boundary.case import Case
from wanlib.boundary.cases import boundary_cases
from wanlib.boundary.image_steps import SideLimits
from wanlib.boundary.images import data_uri_of_image
from wanlib.boundary.mode_cases import mode_cases
from wanlib.spec import Field, Rule, Spec, interpret
from wanlib.spec.interpreter.decode import decode_body, mode_inputs
from wanlib.spec.model.modes import holds
from wanlib.spec.model.predicates import read_image

_SAMPLE_URL = re.compile(r"https://example\.com/[0-9]+\.png")
_MAX_REFUSED = {"one_of": 2, "schemes": 2, "formats": 9, "keywords": 4, "pattern": 2, "mime": 2}
_BOTH_WAYS = ("count", "total", "decimals")
_SHOWN_BY_ALL = ("type", "required", "public", "encoding", "chars", "place", "model")
_WORTH_SENDING = {"public": ("localhost", "ends")}
_MALFORMED = (
    *("newline", "space", "zero", "leading-zero", "three", "half", "wide-digits"),
    *("cut-short", "nothing"),
)
_COUNTED = ("min", "max", "min_count", "max_count")
CALL_KINDS = ("endpoints", "only_in")
"""Rules that are about the call itself."""
_SAFE_FACTOR = 2
"""A sample image has sides of twice the minimum, so that a slightly different limit does not refuse it."""


@dataclass(frozen=True)
class Edge:
    """One side of the limit of a rule, as a request of one model.

    Attributes:
        id: The id of the boundary case.
        rule: The rule.
        model: The model.
        call: How it is sent.
        body: The body.
        side: The reaction of the service if nothing has changed.
        values: The fields of the body by name; None if the body has more than the fields that it encodes.
        changed: The names of the fields that differ from the smallest request.
        modes: The modes that hold, without those that the call decides.
    """

    id: str
    rule: Rule
    model: str
    call: str
    body: Any
    side: Side
    values: Mapping[str, Any] | None
    changed: frozenset[str] = frozenset()
    modes: frozenset[str] = frozenset()


def select_edges(
    spec: Spec, models: tuple[str, ...] = (), rules: tuple[str, ...] = (), image_url: str | None = None
) -> tuple[Edge, ...]:
    """Return the edges to probe, in spec order.

    Args:
        spec: The spec.
        models: Only these models; empty for all.
        rules: Only rules whose ids match one of these patterns; empty for all.
        image_url: A public image, for edges that need a URL that the service downloads; None leaves them out.
    """
    chosen = []
    for rule in spec.rules.values():
        is_chosen = not rules or any(fnmatchcase(rule.id, glob) for glob in rules)
        if rule.scope == "body" and is_chosen and is_about(spec, rule, models):
            chosen += edges_of_rule(spec, rule, models, image_url)
    return tuple(chosen)


def is_about(spec: Spec, rule: Rule, models: tuple[str, ...]) -> bool:
    """Return whether a rule can apply to one of these models; empty for all."""
    owners = [family for family in spec.families if rule.id.startswith(f"{family.name}/")]
    return not (models and owners) or any({*models} & {*family.models} for family in owners)


def edges_of_rule(
    spec: Spec, rule: Rule, models: tuple[str, ...] = (), image_url: str | None = None
) -> list[Edge]:
    """Return the edges of one rule; the arguments are those of `select_edges`."""
    best: dict[tuple[str, Side, bool, str], tuple[int, Edge]] = {}
    for case in _possible_cases(spec, rule):
        edge = _edge(spec, rule, case, image_url)
        if edge is None or (models and edge.model not in models):
            continue
        key = edge.model, edge.side, bool(case.breaks), label_of(case.id)
        rank = ("async", "sync", "stream").index(edge.call)
        if key not in best and sum(key[:3] == other[:3] for other in best) >= _most(rule, edge.side):
            continue
        if (key not in best or rank < best[key][0]) and _is_alone(spec, edge):
            best[key] = rank, edge
    return [edge for _, edge in best.values()]


def _is_alone(spec: Spec, edge: Edge) -> bool:
    """Return whether no other rule refuses the request of an edge."""
    refusing = {str(one.rule) for one in interpret(spec, edge.body, edge.call) if one.outcome == "rejected"}
    return refusing == ({edge.rule.id} if edge.side == "refused" else set())


def _possible_cases(spec: Spec, rule: Rule) -> Iterator[Case]:
    """Yield the boundary cases of a rule; none if its limit has none: no image has a side of 0 pixels."""
    try:
        yield from boundary_cases(spec, rule.id)
    except (ValueError, ArithmeticError, IndexError):
        return


def _most(rule: Rule, side: Side) -> int:
    """Return the number of edges that a rule needs on a side: those of lists show which value has changed."""
    if rule.kind in _BOTH_WAYS:
        return 2 if side == "refused" else 1
    if rule.kind == "public":
        return 1 + len(rule.limit)
    if rule.kind in _MAX_REFUSED:
        return _MAX_REFUSED[rule.kind] if side == "refused" else max(1, len(rule.limit))
    return 3 if rule.kind in CALL_KINDS else 1


def label_of(case_id: str) -> str:
    """Return the label of a boundary case, which names its value."""
    before, _, _ = case_id.rpartition("@")
    return before.partition("/keeps/")[2] or before.partition("/breaks/")[2]


def _edge(spec: Spec, rule: Rule, case: Case, image_url: str | None) -> Edge | None:
    """Return the edge of a boundary case; None if it is not probed."""
    outcome = case.breaks[0][1] if case.breaks else ""
    label, group = label_of(case.id), case.id.rpartition("@")[2]
    if outcome == "unspecified" or not _is_worth_sending(rule, label, outcome):
        return None
    model, body = group.partition("/")[0], case.question.body
    call = case.question.call or spec.calls(model)[0]
    side: Side = "refused" if outcome == "rejected" else "accepted"
    values = _field_values(spec, model, body)
    if values is None:
        if side == "accepted":
            return None
        is_fixed = rule.kind in CALL_KINDS or "async" not in spec.calls(model)
        return Edge(case.id, rule, model, call if is_fixed else "async", body, side, None)
    sent = sent_values(spec, rule, model, values, image_url)
    if sent is None:
        return None
    call = _cheapest_call(spec, model, call, sent, rule)
    base = smallest_requests(spec, model).get(group, {})
    changed = frozenset(name for name in sent if name not in base or values[name] != base[name])
    if side == "accepted" and not changed and rule.kind not in CALL_KINDS:
        return None  # all other requests test it
    cheap = cheapest(spec, model, call, sent)
    body = encode_body(spec, spec.family(model), model, cheap)
    if "parameters" in case.question.body:
        body.setdefault("parameters", {})
    return Edge(case.id, rule, model, call, body, side, sent, changed, modes_of(spec, model, call, sent))


def _cheapest_call(spec: Spec, model: str, call: str, values: Mapping[str, Any], rule: Rule) -> str:
    """Return the asynchronous call, which can be canceled, if the rule applies to it in the same way."""
    calls = spec.calls(model)
    if rule.kind in CALL_KINDS or call == "async" or "async" not in calls:
        return call
    moved = violated(spec, model, "async", values) == violated(spec, model, call, values)
    same_variant = rule.condition is None or {
        rule.condition.mode in modes_of(spec, model, other, values) for other in (call, "async")
    } == {rule.condition.wanted}
    return "async" if moved and same_variant else call


def modes_of(spec: Spec, model: str, call: str, values: Mapping[str, Any]) -> frozenset[str]:
    """Return the modes of a request that are known to hold."""
    family = spec.family(model)
    body = encode_body(spec, family, model, values)
    inputs = mode_inputs(family, decode_body(family, spec.form(family), body))
    known = inputs | {"model": model, "call": call}
    return frozenset(mode for mode in family.modes if holds(family.modes, mode, known))


def _is_worth_sending(rule: Rule, label: str, outcome: str) -> bool:
    if label.startswith("across-") or label.endswith(("upper-case", "-alpha")):
        return False
    if rule.kind == "model":
        return False  # a request without a known model has no price
    if not outcome:
        is_at_limit = rule.kind not in _COUNTED or label == str(rule.limit)
        return rule.outcome != "unspecified" and rule.kind not in _SHOWN_BY_ALL and is_at_limit
    if rule.kind in _WORTH_SENDING:
        return label.startswith(_WORTH_SENDING[rule.kind])
    return label not in _MALFORMED


@lru_cache(maxsize=64)
def smallest_requests(spec: Spec, model: str) -> Mapping[str, Mapping[str, Any]]:
    """Return the fields of the smallest valid request of each mode case, by modes and call as in case ids."""
    found: dict[str, Mapping[str, Any]] = {}
    for mode_case in mode_cases(spec, model):
        builder = RequestBuilder(spec, mode_case)
        modes = "+".join(mode for mode, truth in mode_case.truths.items() if truth)
        suffix = model + (f"/{modes}" if modes else "") + (f"/{builder.call}" if builder.call else "")
        found.setdefault(suffix, builder.values)
    return found


def _field_values(spec: Spec, model: str, body: Any) -> dict[str, Any] | None:
    """Return the fields of a body; None if the body contains more than they encode."""
    if not isinstance(body, dict) or body.get("model") != model:
        return None
    family = spec.family(model)
    decoded = decode_body(family, spec.form(family), body)
    values = {name: value for name, value in decoded.values.items() if value is not ABSENT}
    if decoded.violations or UNDETERMINED in values.values():
        return None
    try:
        encoded = encode_body(spec, family, model, values)
    except (TypeError, AttributeError):  # a value of a wrong type in a list of parts
        return None
    return values if {"parameters": {}} | encoded == {"parameters": {}} | body else None


def sent_values(
    spec: Spec, rule: Rule | None, model: str, values: Mapping[str, Any], image_url: str | None
) -> dict[str, Any] | None:
    """Return fields with images that can be sent; None if one must be downloaded and there is none."""
    family = spec.family(model)
    sample = sample_image(spec, model)
    sent = {}
    for name, value in values.items():
        field = family.field(name)
        sent[name] = _sent(field, value, sample)
        if _is_downloaded(field, sent[name]):
            if image_url is None or _names_storage(sent[name]):
                return None
            sent[name] = _with_url(sent[name], image_url)
    for field in family.fields:
        for relation in field.rules_of_kind("same_pixels_as"):
            if relation is not rule and field.name in sent and sent.get(relation.limit) == [sample]:
                return _with_partner(spec, rule, model, sent, (field.name, relation.limit), image_url)
    return sent


def _with_partner(
    spec: Spec,
    rule: Rule | None,
    model: str,
    sent: dict[str, Any],
    names: tuple[str, str],
    image_url: str | None,
) -> dict[str, Any]:
    """Return fields in which an image has the size of another one, or has none that the body shows."""
    name, partner = names
    alike = sent | {partner: [_like(sent[name], sent[partner][0])]}
    refusing = {broken for broken, outcome in violated(spec, model, "async", alike) if outcome == "rejected"}
    is_alone = refusing <= ({rule.id} if rule else set())
    if is_alone or image_url is None:
        return alike if is_alone else sent
    return sent | {partner: [image_url]}


def _like(value: Any, sample: str) -> str:
    """Return an image with the size of another one; the sample if that cannot be read."""
    facts = read_image(value).facts if isinstance(value, str) else None
    if facts is None or not facts.width or not facts.height:
        return sample
    return data_uri_of_image("png", facts.width, facts.height)


def _sent(field: Field, value: Any, sample: str) -> Any:
    if isinstance(value, list) and field.each and field.each.type == "image":
        return [_sent(field.each, item, sample) for item in value]
    is_sample = field.type == "image" and isinstance(value, str) and _SAMPLE_URL.fullmatch(value)
    return sample if is_sample else value


def _is_downloaded(field: Field, value: Any) -> bool:
    if isinstance(value, list) and field.each and field.each.type == "image":
        return any(_is_downloaded(field.each, item) for item in value)
    return field.type == "image" and isinstance(value, str) and value in _PUBLIC_SAMPLES


_UPLOADED_SAMPLE = "oss://example.com/1.png"
_PUBLIC_SAMPLES = ("http://example.com/1.png", "https://example.com/1.png", _UPLOADED_SAMPLE)


def _names_storage(value: Any) -> bool:
    """Return whether an image must be uploaded first."""
    return value == _UPLOADED_SAMPLE or (isinstance(value, list) and _UPLOADED_SAMPLE in value)


def _with_url(value: Any, image_url: str) -> Any:
    if isinstance(value, list):
        return [_with_url(item, image_url) for item in value]
    scheme = value.partition(":")[0]
    return f"{scheme}:{image_url.partition(':')[2]}" if value in _PUBLIC_SAMPLES else value


@lru_cache(maxsize=256)
def sample_image(spec: Spec, model: str) -> str:
    """Return an image that every image field of a model accepts, away from its limits."""
    family = spec.family(model)
    low = 1
    for field in family.walk():
        if field.type == "image":
            mode_case = mode_cases(spec, model)[0]
            low = max(low, SideLimits(RequestBuilder(spec, mode_case), field).low)
    return data_uri_of_image("png", low * _SAFE_FACTOR, low * _SAFE_FACTOR)


def cheapest(spec: Spec, model: str, call: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields with the minimum number of pictures that changes nothing else."""
    family = spec.family(model)
    wanted, modes = violated(spec, model, call, values), modes_of(spec, model, call, values)
    cheap = dict(values)
    for name in dict.fromkeys(family.count_of.values()):
        least = min((rule.limit for rule in family.field(name).rules_of_kind("min")), default=1)
        more = {**cheap, name: least}
        if name in values or violated(spec, model, call, more) != wanted:
            continue
        if modes_of(spec, model, call, more) == modes:
            cheap = more
    return cheap


def violated(spec: Spec, model: str, call: str, values: Mapping[str, Any]) -> frozenset[tuple[str, str]]:
    """Return rule and outcome of every violation of a request."""
    body = encode_body(spec, spec.family(model), model, values)
    return frozenset((str(one.rule), one.outcome) for one in interpret(spec, body, call))
