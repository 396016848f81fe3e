"""What a client is asked and how its answer is read, whether it is the sync or the async one."""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import httpx

from wan_conformance.model import Observation, expected_outcome
from wan_conformance.targets.client.expected_request import ExpectedRequest
from wan_conformance.targets.client.fake_service import NOW, FakeService
from wan_conformance.targets.client.unoffered import unoffered
from wan_conformance.targets.client.verb_call import (
    NotExpressible,
    VerbCall,
    names_rules,
    unreachable_rules,
    verb_call,
)
from wanlib.base.clock import ManualClock
from wanlib.base.redaction import safe_repr
from wanlib.base.violation import REFUSED
from wanlib.boundary.case import Question
from wanlib.client.call.options import parse_call
from wanlib.errors import IgnoredParameterWarning, InvalidArgumentError, InvalidRequestError, TaskError
from wanlib.spec import Spec
from wanlib.spec.model.kinds import KINDS

_KEY = "sk-harness"


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What came of one call: what was sent, the messages of what has no effect, and what was raised."""

    sent: list[httpx.Request]
    ignored: frozenset[str]
    error: Exception | None

    @property
    def rules(self) -> set[str]:
        """The rules that a refusal names."""
        violations = self.error.violations if isinstance(self.error, InvalidRequestError) else ()
        return {each.rule for each in violations}


class ClientTarget(ABC):
    """What both clients are judged by. `workspace`: so that one of them has the header of it."""

    name: str
    workspace: str | None
    refuses = REFUSED
    _wan: Any

    def __init__(self, spec: Spec) -> None:
        base = spec.wire["regions"][spec.wire["default_region"]]["host"] + spec.wire["base_path"]
        self.leaves_out = unreachable_rules(spec)
        self._spec = spec
        self._checked_models: set[str] = set()
        self._expected_request = ExpectedRequest(spec, base, _KEY, self.workspace)
        self._service = FakeService(spec.wire)
        self._settings: dict[str, Any] = {
            "api_key": _KEY,
            "base_url": base,
            "workspace": self.workspace,
            "clock": ManualClock(NOW),
            "random": Random(0),
        }

    def claims(self, kind: str) -> bool:
        """Every kind that there is."""
        return kind in KINDS

    def observe(self, question: Question) -> Observation:
        """What the client does with the call that a body comes from; skipped where no call of it does."""
        try:
            seen = self._observe_call(verb_call(self._spec, question), question)
        except NotExpressible as reason:
            return Observation(None, (), skipped=str(reason))
        return replace(seen, rules=tuple(sorted({*seen.rules} - self.leaves_out)))

    def _observe_call(self, said: VerbCall, question: Question) -> Observation:
        if said.image_problem:
            return self._invalid_image_reason(said)
        said = self._with_image_inputs(said)
        strangers = self._check_unknown_refused(said) if said.unknown else set()
        tried = self._attempt(said, said.unknown)
        if isinstance(tried.error, InvalidRequestError) and not isinstance(tried.error, TaskError):
            return self._observe_refusal(said, tried, strangers, question)
        if _is_edit_without_image(said) and isinstance(tried.error, InvalidArgumentError) and not tried.sent:
            raise NotExpressible("edit takes an image, and generate would say more than this body")
        faults = self._expected_request.problems(said, question.body, tried.sent)
        if tried.error is not None:
            faults.append(f"it raised {safe_repr(tried.error)}")
        elif sent_all_the_same := self._unoffered_problem(said):
            faults.append(sent_all_the_same)
        if faults:
            return _error("; ".join(faults))
        return Observation(True, tuple(strangers | self._reported_rules(said, tried, ())))

    def _unoffered_problem(self, said: VerbCall) -> str | None:
        """What the model does not have and the client sends all the same.

        said: a call that it sends rightly. One of each model is tried.
        """
        if said.family is None or said.model in self._checked_models:
            return None
        for call, name, value in unoffered(self._spec, said.family, said):
            tried = self._attempt(call, {}, {name: value} if name else {})
            if tried.sent or not isinstance(tried.error, InvalidRequestError | InvalidArgumentError):
                what = f"{name} on {said.model}" if name else f"{call.verb} of {said.model}"
                return f"sent what the model does not have, or raised no error for it: {what}"
        self._checked_models.add(said.model)
        return None

    def _invalid_image_reason(self, said: VerbCall) -> Observation:
        """What is no image to the client is refused before anything is sent."""
        tried = self._attempt(said, said.unknown)
        if tried.sent or not isinstance(tried.error, InvalidArgumentError):
            return _error(f"sent what is no image: {said.image_problem}")
        return Observation(None, (), skipped=said.image_problem)

    def _check_unknown_refused(self, said: VerbCall) -> set[str]:
        """The rules that a name without `extra` is refused by."""
        tried = self._attempt(said, {}, said.unknown)
        assert said.family is not None
        return set() if tried.sent else names_rules(said.family) & set(tried.rules)

    def _observe_refusal(
        self, said: VerbCall, tried: _Attempt, strangers: set[str], question: Question
    ) -> Observation:
        if tried.sent:
            return _error("it refused the call after it was sent")
        rules, body = tried.rules, question.body
        if not any(expected_outcome(rule, self._spec.rules, body) in REFUSED for rule in rules):
            return _error(f"it refused what the pages leave open: {', '.join(sorted(rules)) or tried.error}")
        return Observation(False, tuple(rules | strangers | self._reported_rules(said, tried, sorted(rules))))

    def _reported_rules(self, said: VerbCall, tried: _Attempt, allow: Sequence[str]) -> set[str]:
        """The rules that are broken and let pass; those without effect, if they were warned of.

        allow: what was refused, so that the rest is told too.
        """
        if any(rule.startswith("wire/") for rule in allow):
            return set()
        if allow and _is_edit_without_image(said):
            if len(allow) > 1:
                raise NotExpressible(
                    "an edit of nothing can't be let pass, so what else it breaks is not told"
                )
            return set()
        given = {**_call_arguments(said, said.unknown), "allow": allow}
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            call = parse_call(said.verb, said.call, said.model, said.prompt, said.images, given)
            passed = self._wan._core.plan(call).passed
        warned = frozenset(str(each.message) for each in caught) if allow else tried.ignored
        return {each.rule for each in passed if each.outcome != "ignored" or str(each) in warned}

    def _attempt(self, said: VerbCall, extra: Mapping[str, Any], strays: Mapping[str, Any] = {}) -> _Attempt:
        error: Exception | None = None
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                self._perform(said, {**_call_arguments(said, extra), **strays})
            except Exception as met:
                error = met
        told = (each.message for each in caught)
        ignored = frozenset(str(each) for each in told if isinstance(each, IgnoredParameterWarning))
        return _Attempt(self._service.take_requests(), ignored, error)

    def _with_image_inputs(self, said: VerbCall) -> VerbCall:
        """The call with its images as this target hands them over."""
        return said

    @abstractmethod
    def _perform(self, said: VerbCall, given: dict[str, Any]) -> None:
        """Makes the call."""


def _call_arguments(said: VerbCall, extra: Mapping[str, Any]) -> dict[str, Any]:
    return {**said.parameters, **({"extra": dict(extra)} if extra else {})}


def _is_edit_without_image(said: VerbCall) -> bool:
    """Whether it is an edit without an image, which the client refuses whatever is allowed."""
    return said.verb == "edit" and not said.images


def _error(text: str) -> Observation:
    return Observation(None, (), error=text)
