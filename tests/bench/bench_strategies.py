"""Valid requests: examples per second against Schemathesis with the exported schema, and their quality.

Both are drawn alternately within one run, and a ratio is the median of those of its rounds. Schemathesis
knows only what a schema can say, so part of what it draws breaks the other rules.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from statistics import median
from time import perf_counter
from typing import Any

import schemathesis
from hypothesis import strategies as st
from wan_conformance.strategies import valid

from tests.conformance.shares import drawn, shares, wanted
from wanlib import check
from wanlib.emit.schema.json_schema import schema
from wanlib.spec import Family, Spec, load

ROUNDS = 3
EXAMPLES = 300
"""Examples per round: the first ones are small, so fewer would make a generator look fast."""

TARGET = 8.0
_REFS = "#/components/schemas/"


@dataclass
class Measured:
    """The rounds of one generator: examples per second, and all bodies."""

    draw: Callable[[], list[Any]]
    rates: list[float] = field(default_factory=list)
    found: list[Any] = field(default_factory=list)

    def run(self) -> None:
        """Run one round."""
        start = perf_counter()
        examples = self.draw()
        self.rates.append(len(examples) / (perf_counter() - start))
        self.found = examples


def main() -> None:
    """Print a line for each model, then for each family the smallest share of a mode or keyword."""
    spec = load()
    print(f"{'valid requests':22} {'ours/s':>8} {'peer/s':>8} {'ratio':>7} {'target':>8}")
    for model in spec.models:
        _compare(spec, model)
    for family in spec.families:
        _print_shares(spec, family)


def _compare(spec: Spec, model: str) -> None:
    own = valid(spec, model)
    ours = Measured(partial(drawn, own, EXAMPLES))
    peer = Measured(partial(drawn, schemathesis_strategy(schema(spec, model)), EXAMPLES))
    for generator in (ours, peer):  # both cache what they have prepared
        generator.draw()
    for _ in range(ROUNDS):
        ours.run()
        peer.run()
    ratio = median(one / other for one, other in zip(ours.rates, peer.rates, strict=True))
    print(
        f"{model:22} {median(ours.rates):8.0f} {median(peer.rates):8.0f} {ratio:6.1f}x {f'>= {TARGET:g}x':>8}"
    )
    bodies = {
        "ours": [question.body for question in ours.found],
        "peer": [case.body for case in peer.found],
    }
    for name, found in bodies.items():
        unique = len({repr(body) for body in found}) / len(found)
        clean = sum(not check(body) for body in found) / len(found)
        print(f"  {name}: {unique:.1%} unique, {clean:.1%} keep every rule")


def schemathesis_strategy(body: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Return the strategy for bodies of an operation with this schema, in a separate document."""
    head = ("$schema", "$id", "$defs")
    content = _moved({name: value for name, value in body.items() if name not in head})
    request = {"required": True, "content": {"application/json": {"schema": content}}}
    answers = {"200": {"description": "done"}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "one body", "version": "1"},
        "paths": {"/": {"post": {"requestBody": request, "responses": answers}}},
        "components": {"schemas": _moved(body.get("$defs", {}))},
    }
    operation = schemathesis.openapi.from_dict(document)["/"]["POST"]
    strategy: st.SearchStrategy[Any] = operation.as_strategy(
        generation_mode=schemathesis.GenerationMode.POSITIVE
    )
    return strategy


def _moved(node: Any) -> Any:
    """Return the schema with references to the components, because `$id` bases are not followed there."""
    if isinstance(node, list):
        return [_moved(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        name: _REFS + value.rpartition("/")[2] if name == "$ref" else _moved(value)
        for name, value in node.items()
    }


def _print_shares(spec: Spec, family: Family) -> None:
    questions = [
        body for model in family.models for body in drawn(valid(spec, model), 4000 // len(family.models))
    ]
    met = shares(spec, questions)
    least = min(wanted(spec, family.name), key=lambda name: met.get(name, 0), default="")
    if least:
        print(f"{family.name:22} least share of a mode or keyword {met.get(least, 0):.1%} ({least}), >= 1%")


if __name__ == "__main__":
    main()
