"""Make the call that produces a body, and observe the client; both client targets use it."""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import httpx

from wan_conformance.model import Observation, expected_outcome
from wan_conformance.targets.client.expected_request import ExpectedRequest
from wan_conformance.targets.client.fake_service import NOW, FakeService
from wan_conformance.targets.client.unoffered import unoffered
from wan_conformance.targets.client.verb_call import (
    NotExpressibleError,
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
_ADDRESS = "https://service.invalid"


@dataclass(frozen=True, slots=True)
class _Attempt:
    """The result of one call.

    Attributes:
        sent: The requests that were sent.
        ignored: The messages of warnings about parameters without effect.
        error: The exception; None if there was none.
    """

    sent: list[httpx.Request]
    ignored: frozenset[str]
    error: Exception | None

    @property
    def rules(self) -> set[str]:
        """The rules that a refusal names."""
        violations = self.error.violations if isinstance(self.error, InvalidRequestError) else ()
        return {violation.rule for violation in violations}


class ClientTarget(ABC):
    """Base of both client targets.

    Attributes:
        name: Its name for `--target`.
        workspace: The workspace of the client, which adds a header; None for none.
        refuses: The outcomes of violations that make it refuse a body.
    """

    name: str
    workspace: str | None
    refuses = REFUSED
    _create: Callable[..., Any]

    def __init__(self, spec: Spec, name: str) -> None:
        base = _ADDRESS + spec.wire["base_path"]
        self.name = name
        self.leaves_out = unreachable_rules(spec)
        self._spec = spec
        self._checked_models: set[str] = set()
        self._expected_request = ExpectedRequest(spec, base, _KEY, self.workspace)
        self._service = FakeService(spec.wire)
        self._clients: dict[str, Any] = {}
        self._settings: dict[str, Any] = {
            "api_key": _KEY,
            "base_url": base,
            "workspace": self.workspace,
            "clock": ManualClock(NOW),
            "random": Random(0),
        }

    def _client(self, call: VerbCall) -> Any:
        """Return the client of a region that offers the call: no rule on bodies depends on the region."""
        regions, base = self._spec.wire["regions"], self._spec.base(call.model)
        default = self._spec.wire["default_region"]
        offering = [
            name
            for name in (default, *regions)
            if call.call in regions[name].get("calls", {base: [call.call]}).get(base, ())
        ]
        region = offering[0] if offering else default
        if region not in self._clients:
            self._clients[region] = self._create(region=region)
        return self._clients[region]

    def claims(self, kind: str) -> bool:
        """Return whether the kind exists: all of them are claimed."""
        return kind in KINDS

    def observe(self, question: Question) -> Observation:
        """Return the observation of the client for the call of a body; skipped if no call produces it."""
        try:
            observation = self._observe_call(verb_call(self._spec, question), question)
        except NotExpressibleError as reason:
            return Observation(None, (), skipped=str(reason))
        return replace(observation, rules=tuple(sorted({*observation.rules} - self.leaves_out)))

    def _observe_call(self, call: VerbCall, question: Question) -> Observation:
        if call.image_problem:
            return self._observe_invalid_image(call)
        call = self._with_image_inputs(call)
        unknown_rules = self._check_unknown_refused(call) if call.unknown else set()
        attempt = self._attempt(call, call.unknown)
        if isinstance(attempt.error, InvalidRequestError) and not isinstance(attempt.error, TaskError):
            return self._observe_refusal(call, attempt, unknown_rules, question)
        if (
            _is_edit_without_image(call)
            and isinstance(attempt.error, InvalidArgumentError)
            and not attempt.sent
        ):
            raise NotExpressibleError("edit requires an image, and generate would send more than this body")
        problems = self._expected_request.problems(call, question.body, attempt.sent, self._service.task)
        if attempt.error is not None:
            problems.append(f"it raised {safe_repr(attempt.error)}")
        elif unoffered_problem := self._unoffered_problem(call):
            problems.append(unoffered_problem)
        if problems:
            return _error("; ".join(problems))
        return Observation(True, tuple(unknown_rules | self._reported_rules(call, attempt, ())))

    def _unoffered_problem(self, call: VerbCall) -> str | None:
        """Return the unsupported input that the client sends although the model lacks it; None if nothing.

        It is tried once per model, after a call that the client sends correctly.
        """
        if call.family is None or call.model in self._checked_models:
            return None
        for variant, name, value in unoffered(self._spec, call.family, call):
            attempt = self._attempt(variant, {}, {name: value} if name else {})
            if attempt.sent or not isinstance(attempt.error, InvalidRequestError | InvalidArgumentError):
                what = f"{name} on {call.model}" if name else f"{variant.verb} of {call.model}"
                return f"sent what the model does not have, or raised no error for it: {what}"
        self._checked_models.add(call.model)
        return None

    def _observe_invalid_image(self, call: VerbCall) -> Observation:
        """Observe a value that is not an image for the client: it must be refused before anything is sent."""
        attempt = self._attempt(call, call.unknown)
        if attempt.sent or not isinstance(attempt.error, InvalidArgumentError):
            return _error(f"sent a value that is not an image: {call.image_problem}")
        return Observation(None, (), skipped=call.image_problem)

    def _check_unknown_refused(self, call: VerbCall) -> set[str]:
        """Return the rules by which the client refuses an unknown parameter without `extra`."""
        attempt = self._attempt(call, {}, call.unknown)
        assert call.family is not None
        return set() if attempt.sent else names_rules(call.family) & set(attempt.rules)

    def _observe_refusal(
        self, call: VerbCall, attempt: _Attempt, unknown_rules: set[str], question: Question
    ) -> Observation:
        if attempt.sent:
            return _error("it refused the call after it was sent")
        rules, body = attempt.rules, question.body
        if not any(expected_outcome(rule, self._spec.rules, body) in REFUSED for rule in rules):
            return _error(
                f"it refused what the documents leave open: {', '.join(sorted(rules)) or attempt.error}"
            )
        return Observation(
            False, tuple(rules | unknown_rules | self._reported_rules(call, attempt, sorted(rules)))
        )

    def _reported_rules(self, call: VerbCall, attempt: _Attempt, allow: Sequence[str]) -> set[str]:
        """Return the violated rules that are allowed; those without effect only if there was a warning.

        Args:
            call: The call.
            attempt: Its result.
            allow: The rules that were refused, allowed now so that the other violations show.
        """
        if any(rule.startswith("wire/") for rule in allow):
            return set()
        if allow and _is_edit_without_image(call):
            if len(allow) > 1:
                raise NotExpressibleError(
                    "an edit without an image can't be allowed, so its other violations don't show"
                )
            return set()
        arguments = {**_call_arguments(call, call.unknown), "allow": allow}
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            parsed = parse_call(call.verb, call.call, call.model, call.prompt, call.images, arguments)
            passed = self._client(call)._core.plan(parsed).passed
        warned = frozenset(str(violation.message) for violation in caught) if allow else attempt.ignored
        return {
            violation.rule
            for violation in passed
            if violation.outcome != "ignored" or str(violation) in warned
        }

    def _attempt(self, call: VerbCall, extra: Mapping[str, Any], unknown: Mapping[str, Any] = {}) -> _Attempt:
        error: Exception | None = None
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                self._perform(call, {**_call_arguments(call, extra), **unknown})
            except Exception as raised:
                error = raised
        messages = (warning.message for warning in caught)
        ignored = frozenset(
            str(warning) for warning in messages if isinstance(warning, IgnoredParameterWarning)
        )
        return _Attempt(self._service.take_requests(), ignored, error)

    def _with_image_inputs(self, call: VerbCall) -> VerbCall:
        """Return the call with its images in the type that this target passes."""
        return call

    @abstractmethod
    def _perform(self, call: VerbCall, arguments: dict[str, Any]) -> None:
        """Make the call."""


def _call_arguments(call: VerbCall, extra: Mapping[str, Any]) -> dict[str, Any]:
    return {**call.parameters, **({"extra": dict(extra)} if extra else {})}


def _is_edit_without_image(call: VerbCall) -> bool:
    """Return whether it is an edit without an image, which the client always refuses."""
    return call.verb == "edit" and not call.all_images


def _error(text: str) -> Observation:
    return Observation(None, (), error=text)
