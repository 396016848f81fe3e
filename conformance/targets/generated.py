"""The first reading: `wanlib.check`, that is the emitted code that people install."""

from conformance.model import Observation, Question
from conformance.targets.reading import observation
from wanlib.base.violation import REFUSED
from wanlib.spec import Spec
from wanlib.spec.kinds import KINDS


class Generated:
    """Asks `check`. It knows the committed code alone, not the spec of the run: drift shows as failures."""

    name = "generated"
    refuses = REFUSED
    leaves_out: frozenset[str] = frozenset()

    def __init__(self, spec: Spec) -> None:
        """`spec` is what the other targets read."""

    def claims(self, kind: str) -> bool:
        """Every kind that there is."""
        return kind in KINDS

    def observe(self, question: Question) -> Observation:
        """What `check` says; generated code that can't even be imported is an error of each case."""
        from wanlib import check

        return observation(check(question.body, call=question.call))
