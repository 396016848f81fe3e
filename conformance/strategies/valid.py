"""Requests that keep every rule, by construction: nothing is filtered."""

from hypothesis import strategies as st

from conformance.model import Question
from conformance.strategies.octets import decoded
from conformance.strategies.requests import Plan
from conformance.strategies.situations import situations
from wanlib.spec.mode import Condition
from wanlib.spec.model import Spec


def valid(spec: Spec, model: str, mode: Condition | None = None) -> st.SearchStrategy[Question]:
    """Valid requests of a model, in every situation that its modes can be in, all about as often.

    mode: only where this condition holds. Raises KeyError for a model or a mode that the spec lacks,
    ValueError where no valid request is in that mode.
    """
    plans = [Plan(spec, each) for each in situations(spec, model) if each.holds(mode)]
    if not plans:
        raise ValueError(f"no valid request of {model} is in the mode {mode}")
    return _filled(plans)


def _filled(plans: list[Plan]) -> st.SearchStrategy[Question]:
    return decoded(
        max(plan.length for plan in plans), lambda octets: Question(*octets.pick(plans).fill(octets))
    )
