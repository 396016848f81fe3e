"""Accepted edges packed into few requests: greedy set packing, first fit.

A `Pack` is one request that is accepted if no edge of it has changed. Edges share a request if they are
about different fields, or about different items of one list, and every edge stays what it is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from wan_conformance.live.planning.edges import (
    CALL_KINDS,
    Edge,
    cheapest,
    modes_of,
    sent_values,
    smallest_requests,
    violated,
)
from wanlib.boundary.body import encode_body
from wanlib.spec import Spec

_LARGE = 1 << 20
"""Maximum length of a value in a pack; longer ones get a separate request, so that others stay fast."""


@dataclass(frozen=True)
class Pack:
    """Edges that share one request.

    Attributes:
        model: The model.
        call: How it is sent.
        edges: The edges.
        values: The fields of the request.
        body: The body.
    """

    model: str
    call: str
    edges: tuple[Edge, ...]
    values: Mapping[str, Any]
    body: Any


def pack_edges(spec: Spec, edges: Iterable[Edge]) -> list[Pack]:
    """Return requests that together have every accepted edge, by first fit in spec order."""
    packs: list[Pack] = []
    for edge in edges:
        for index, pack in enumerate(packs):
            if (joined := _joined(spec, pack, edge)) is not None:
                packs[index] = joined
                break
        else:
            packs.append(make_pack(spec, (edge,), dict(edge.values or {})))
    return [_cheap(spec, pack) for pack in packs]


def smallest_pack(spec: Spec, like: Pack) -> list[Pack]:
    """Return the smallest request with the modes and the call of a pack; empty if there is none."""
    modes = modes_of(spec, like.model, like.call, like.values)
    for values in smallest_requests(spec, like.model).values():
        sent = sent_values(spec, None, like.model, values, None)
        if sent is None or violated(spec, like.model, like.call, sent):
            continue
        if modes_of(spec, like.model, like.call, sent) == modes:
            body = encode_body(spec, spec.family(like.model), like.model, sent)
            return [Pack(like.model, like.call, (), sent, body)]
    return []


def can_be_called(spec: Spec, model: str) -> bool:
    """Return whether a spec accepts any request of a model."""
    return has_every_constant(spec) and any(
        not violated(spec, model, call, values)
        for values in smallest_requests(spec, model).values()
        for call in spec.calls(model)
    )


def has_every_constant(spec: Spec) -> bool:
    """Return whether every constant of the bodies has a value; otherwise nothing can be sent."""
    return all(rule.field or rule.limit for rule in spec.rules.values() if rule.kind == "one_of")


def make_pack(spec: Spec, edges: tuple[Edge, ...], values: Mapping[str, Any]) -> Pack:
    """Return the request of edges with these fields."""
    model, call = edges[0].model, edges[0].call
    return Pack(model, call, edges, values, encode_body(spec, spec.family(model), model, values))


def _cheap(spec: Spec, pack: Pack) -> Pack:
    return make_pack(spec, pack.edges, cheapest(spec, pack.model, pack.call, pack.values))


def _joined(spec: Spec, pack: Pack, edge: Edge) -> Pack | None:
    """Return the pack with one more edge; None if they cannot share a request."""
    first = pack.edges[0]
    is_alike = (edge.model, edge.call, edge.modes) == (first.model, first.call, first.modes)
    if not is_alike or edge.values is None or _is_about_calls(pack, edge):
        return None
    if is_large(edge) or any(map(is_large, pack.edges)):
        return None
    changed = frozenset().union(*(other.changed for other in pack.edges))
    values = dict(pack.values)
    for name in edge.changed:
        if name not in changed or values[name] == edge.values[name]:
            values[name] = edge.values[name]
        elif _are_items(name, pack.edges, edge):
            values[name] = [*values[name], *edge.values[name]]
        else:
            return None
    outcomes = violated(spec, edge.model, edge.call, values)
    expected = {one for other in (*pack.edges, edge) for one in _violated_by(other)}
    if outcomes != expected or modes_of(spec, edge.model, edge.call, values) != edge.modes:
        return None
    return make_pack(spec, (*pack.edges, edge), values)


def _violated_by(edge: Edge) -> set[tuple[str, str]]:
    """Return the rules that an edge violates without being refused: its own rule, if it is over the limit."""
    return {(edge.rule.id, edge.rule.outcome)} if "/breaks/" in edge.id else set()


def is_accepted(spec: Spec, edge: Edge) -> bool:
    """Return whether a spec accepts the fields of an edge, without the number of pictures added to them."""
    if edge.values is None:
        return False
    outcomes = violated(spec, edge.model, edge.call, edge.values)
    return all(outcome != "rejected" for _, outcome in outcomes)


def _is_about_calls(pack: Pack, edge: Edge) -> bool:
    """Return whether one of them is about the call itself, which has no fields to share."""
    return any(other.rule.kind in CALL_KINDS for other in (*pack.edges, edge)) and edge.changed != set()


def _are_items(name: str, edges: tuple[Edge, ...], edge: Edge) -> bool:
    """Return whether edges are about items of one list, so that both fit into it."""
    about = [other for other in (*edges, edge) if name in other.changed]
    return all(
        other.rule.field.startswith(f"{name}.each") and len((other.values or {})[name]) == 1
        for other in about
    )


def is_large(edge: Edge) -> bool:
    """Return whether an edge has a long value."""
    return any(_size(value) > _LARGE for value in (edge.values or {}).values())


def _size(value: Any) -> int:
    if isinstance(value, list):
        return sum(map(_size, value))
    return len(value) if isinstance(value, str) else 0
