"""The calls that both sides make: generated legal ones, and those about tasks."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from hypothesis import HealthCheck, Phase, given, seed, settings

from wan_conformance.strategies import valid
from wan_conformance.targets.client.expected_request import with_defaults
from wan_conformance.targets.client.fake_service import TASK
from wan_conformance.targets.client.verb_call import NotExpressibleError, VerbCall, verb_call
from wanlib.boundary.case import Question
from wanlib.generated.calls import API
from wanlib.spec import Spec

FACES = ("sync", "aio")
_AIO_EVERY = 5  # every fifth create call is also made with the SDK's asyncio classes


class SdkCall(NamedTuple):
    """One call.

    Attributes:
        face: The classes of the SDK that make it: `sync` or `aio`.
        verb: `create`, `poll`, `fetch`, `cancel` or `list`. A poll creates a task and waits for it; its
            last query is compared.
        call: How a create is sent: `sync`, `async` or `stream`; empty for a call about tasks.
        body: The body of a create, with all that the client always sends; else empty.
        client_call: The call of the client; None for a call about tasks.
    """

    face: str
    verb: str
    call: str
    body: dict[str, Any]
    client_call: VerbCall | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON, for the process that runs the SDK."""
        return {**self._asdict(), "client_call": None, "task": TASK, "page_size": API.list_page}


def sample_calls(spec: Spec, count: int, seed_number: int) -> list[SdkCall]:
    """Return create calls, evenly over all models, and the calls about a task.

    Args:
        spec: The spec.
        count: How many legal bodies are generated at least; a few of them no verb of the client can
            express.
        seed_number: The random seed.
    """
    calls: list[SdkCall] = []
    per_model = -(-count // len(spec.models))
    for model in spec.models:
        model_calls = [
            call
            for question in _drawn(spec, model, per_model, seed_number)
            for call in _create(spec, question)
        ]
        calls += model_calls + [call._replace(face="aio") for call in model_calls[::_AIO_EVERY]]
        if model_calls and "messages" not in model_calls[0].body["input"]:
            call = next(call for call in model_calls if call.body["input"]["prompt"])
            calls += [call._replace(face=face, verb="poll") for face in FACES]
    tasks = [SdkCall(face, verb, "", {}) for face in FACES for verb in ("fetch", "cancel", "list")]
    return calls + tasks


def _create(spec: Spec, question: Question) -> Iterator[SdkCall]:
    """Yield the call, or nothing if no verb of the client can express it."""
    try:
        client_call = verb_call(spec, question)
    except NotExpressibleError:
        return
    assert client_call.family is not None
    yield SdkCall(
        "sync",
        "create",
        client_call.call,
        with_defaults(client_call.family, client_call, question.body),
        client_call,
    )


def _drawn(spec: Spec, model: str, count: int, seed_number: int) -> list[Question]:
    questions: list[Question] = []

    @seed(seed_number)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(valid(spec, model))
    def take(question: Question) -> None:
        questions.append(question)

    take()
    return questions
