"""The plan of a run: the requests, their order, and their maximum cost."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from wan_conformance.live.planning.edges import Edge, select_edges
from wan_conformance.live.planning.packing import Pack, pack_edges
from wan_conformance.live.probe import Probe
from wanlib.spec import Spec


@dataclass(frozen=True)
class ProbePlan:
    """The requests of a run if nothing has changed.

    Attributes:
        refused: Edges that must be refused, one request each. They are sent first, since a refusal costs
            nothing.
        packs: Requests that must be accepted, with many edges each.
    """

    refused: tuple[Edge, ...]
    packs: tuple[Pack, ...]

    @property
    def count(self) -> int:
        """The number of requests if nothing has changed."""
        return len(self.refused) + len(self.packs)


def make_plan(
    spec: Spec, models: tuple[str, ...] = (), rules: tuple[str, ...] = (), image_url: str | None = None
) -> ProbePlan:
    """Return the plan for a spec; the arguments are those of `select_edges`."""
    edges = select_edges(spec, models, rules, image_url)
    refused = tuple(edge for edge in edges if edge.side == "refused")
    accepted = [edge for edge in edges if edge.side == "accepted"]
    return ProbePlan(refused, tuple(pack_edges(spec, accepted)))


def plan_price(plan: ProbePlan, worst_price: Callable[[Probe], Decimal | None]) -> Decimal | None:
    """Return the cost of the accepted requests if none can be canceled; None if a price is unknown."""
    prices = [
        worst_price(Probe(f"plan:{index}", pack.model, pack.body, pack.call, (), "accepted"))
        for index, pack in enumerate(plan.packs)
    ]
    return None if None in prices else sum((price for price in prices if price is not None), Decimal(0))
