"""`WanStrategies`: Hypothesis strategies for requests, made from the spec."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from wan_conformance.strategies import breaking, mutated_bodies, valid
from wanlib.base.text import did_you_mean
from wanlib.boundary.case import Question
from wanlib.spec import Spec, load

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy


class WanStrategies:
    """Strategies for requests. A `Question` has a `body` and the `call` by which it is sent.

    Use them with `data.draw(wan_strategies.valid("wan2.7-image"))` in a test that takes `data=st.data()`.
    """

    def __init__(self, spec: Spec) -> None:
        self._spec = spec

    def valid(self, model: str) -> "SearchStrategy[Question]":
        """Return requests of a model that violate no rule."""
        if self._spec.base(model) is None:
            _refuse("model", model, self._spec.models)
        return valid(self._spec, model)

    def breaking(self, rule: str) -> "SearchStrategy[Question]":
        """Return requests that violate this rule and no other."""
        ids = [known.id for known in self._spec.rules.values() if known.scope == "body"]
        if rule not in ids:
            _refuse("rule", rule, ids)
        return breaking(self._spec, rule)

    def mutated(self) -> "SearchStrategy[Any]":
        """Return real bodies with random changes, which may be valid or not."""
        return mutated_bodies(self._spec)


def open_strategies(config: pytest.Config) -> WanStrategies:
    """Return the strategies of a test run."""
    folder = config.option.wan_spec
    return WanStrategies(load(Path(folder) if folder else None))


def _refuse(noun: str, value: Any, known: Iterable[str]) -> NoReturn:
    name = str(value)[:80]
    hint = did_you_mean(name, known) or f"; `wanlib {noun}s` lists them" * (noun == "rule")
    pytest.fail(f"no {noun} {name!r}{hint}", pytrace=False)
