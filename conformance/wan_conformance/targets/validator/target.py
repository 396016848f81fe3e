"""The target that judges a validator. A first pass determines which rules the validator implements."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Protocol

from wan_conformance.model import Observation
from wan_conformance.targets.validator.answers import AnswerError, ValidatorAnswerReader
from wanlib.base.redaction import safe_repr
from wanlib.base.text import did_you_mean
from wanlib.base.violation import REFUSED
from wanlib.boundary.case import Question
from wanlib.boundary.cases import boundary_cases
from wanlib.spec import Rule, Spec
from wanlib.spec.model.kinds import KINDS

_WITH_VALID_BODIES = 20
"""Rules whose valid bodies are part of the first pass, to detect a validator that refuses all of them."""


class ClaimsError(ValueError):
    """A claim is neither a kind nor matches a rule."""


class Validator(Protocol):
    """Something that answers questions.

    Attributes:
        claims: The rules that it declares to check, as kinds or globs; empty if it declares none.
    """

    claims: tuple[str, ...]

    def answer(self, question: Question) -> object:
        """Return the answer, in one of the forms that `ValidatorAnswerReader` reads."""

    def finish(self) -> str | None:
        """Return the problem after the last answer; None if there is none."""

    def close(self) -> None:
        """End the processes that it has started."""


class ValidatorTarget:
    """Judge a validator by the rules that it implements.

    Attributes:
        name: The text of `--target`.
        implemented: The ids of the rules that it is judged by; empty before `prepare`.
        leaves_out: The ids of all other rules.
    """

    refuses = REFUSED

    def __init__(self, spec: Spec, name: str, validator: Validator, claims: Sequence[str] = ()) -> None:
        """Create the target; `prepare` must follow.

        Args:
            spec: The spec.
            name: The text of `--target`.
            validator: The validator.
            claims: The rules that it is judged by, as kinds or globs over rule ids; empty for those that the
                validator declares, or else implements.

        Raises:
            ClaimsError: A claim is neither a kind nor matches a rule.
        """
        self.name = name
        self._spec = spec
        self._validator = validator
        self._reader = ValidatorAnswerReader(spec.rules)
        declared = tuple(claims) or validator.claims
        self._declared = claimed_rules(spec, declared) if declared else None
        self.implemented: frozenset[str] = frozenset()
        self.leaves_out = frozenset(spec.rules)
        self._error = ""

    def claims(self, kind: str) -> bool:
        """Return whether the kind exists: `leaves_out` has the rules that are not judged."""
        return kind in KINDS

    def prepare(self, rules: Iterable[Rule]) -> None:
        """Find the rules that it is judged by.

        Declared rules are used as they are. Otherwise a rule is implemented if the validator names it or,
        without naming rules, refuses at least one body that violates it alone. This first pass also shows
        whether it names rules at all. A validator that refuses every valid body is judged by no rule.

        Args:
            rules: The rules of the run.
        """
        wanted = [rule for rule in rules if self._declared is None or rule.id in self._declared]
        answers = self._answers_to_valid_bodies(wanted[:_WITH_VALID_BODIES])
        self._error = next((answer.error for answer in answers if answer.error is not None), "")
        judged = [answer.accepted for answer in answers if answer.accepted is not None]
        if judged and not any(judged):
            self._error = "refuses every valid body; true, or a list with items, means that a body is refused"
            return
        refused = {rule.id for rule in wanted if self._refuses_a_violation(rule)}
        found = self._reader.named if self._reader.names_rules else refused
        self.implemented = frozenset(
            rule.id for rule in wanted if self._declared is not None or rule.id in found
        )
        self.leaves_out = frozenset(self._spec.rules) - self.implemented

    def lacks(self, rule: str) -> bool:
        """Return whether it was found not to implement a rule; never if it is judged by declared rules."""
        return self._declared is None and rule not in self.implemented

    def _refuses_a_violation(self, rule: Rule) -> bool:
        """Return whether it refuses one of the bodies that violate a rule; the first such body is enough."""
        for case in boundary_cases(self._spec, rule.id):
            if case.breaks:
                observation = self.observe(case.question)
                if rule.id in observation.rules or (observation.unnamed and observation.accepted is False):
                    return True
        return False

    def _answers_to_valid_bodies(self, rules: Iterable[Rule]) -> list[Observation]:
        cases = (case for rule in rules for case in boundary_cases(self._spec, rule.id))
        return [self.observe(case.question) for case in cases if not case.breaks]

    def observe(self, question: Question) -> Observation:
        """Return the answer of the validator, without rules that were not declared."""
        try:
            observation = self._reader.read(self._validator.answer(question), question.body)
            return self._restricted(observation, question)
        except AnswerError as error:
            return Observation(None, (), error=str(error))
        except SystemExit as error:
            return Observation(None, (), error=f"ends the process with exit code {safe_repr(error.code)}")
        except Exception as error:
            return Observation(None, (), error=f"raises {safe_repr(error)}")

    def _restricted(self, observation: Observation, question: Question) -> Observation:
        declared = observation.rules if self._declared is None else self._declared
        named = [rule for rule in observation.rules if rule in declared]
        if len(named) == len(observation.rules):
            return observation
        return self._reader.read(named, question.body)

    def finish(self) -> str | None:
        """Return the problem after the last answer; None if there is none."""
        if not self.implemented:
            return self._error or "refuses no body that violates a rule of this run"
        return self._validator.finish()

    def close(self) -> None:
        """End the processes that the validator has started."""
        self._validator.close()


def claimed_rules(spec: Spec, claims: Iterable[str]) -> frozenset[str]:
    """Return the ids of the rules that claims name.

    Args:
        spec: The spec.
        claims: Kinds, and globs over rule ids.

    Raises:
        ClaimsError: A claim is neither a kind nor matches a rule.
    """
    found: set[str] = set()
    for claim in claims:
        rules = {
            rule.id
            for rule in spec.rules.values()
            if rule.scope == "body" and (rule.kind == claim or fnmatchcase(rule.id, claim))
        }
        if not rules:
            near = did_you_mean(claim, [*KINDS, *spec.rules])
            raise ClaimsError(f"{claim!r} is neither a kind of rule nor matches a rule{near}")
        found |= rules
    return frozenset(found)
