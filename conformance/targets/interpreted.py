"""The second reading: a plain walk over the spec, which shares no line with the emitter."""

from conformance.model import Observation, Question
from conformance.targets.reading import observation
from wanlib.base.violation import REFUSED
from wanlib.spec import Spec, interpret
from wanlib.spec.kinds import KINDS


class Interpreted:
    """Asks `interpret` with the spec of the run."""

    name = "interpreted"
    refuses = REFUSED
    leaves_out: frozenset[str] = frozenset()

    def __init__(self, spec: Spec) -> None:
        self._spec = spec

    def claims(self, kind: str) -> bool:
        """Every kind that there is."""
        return kind in KINDS

    def observe(self, question: Question) -> Observation:
        """What the walk finds."""
        return observation(interpret(self._spec, question.body, question.call))
