"""The calls that both are asked for: drawn legal ones, and those about tasks."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from hypothesis import HealthCheck, Phase, given, seed, settings

from wan_conformance.strategies import valid
from wan_conformance.targets.client.expected_request import with_defaults
from wan_conformance.targets.client.fake_service import TASK
from wan_conformance.targets.client.verb_call import NotExpressible, VerbCall, verb_call
from wanlib.boundary.case import Question
from wanlib.generated.calls import API
from wanlib.spec import Spec

FACES = ("sync", "aio")
_AIO_EVERY = 5  # every so many-th creating call is made through the SDK's asyncio classes too


class SdkCall(NamedTuple):
    """One call. face: the SDK's `sync` or `aio` classes. verb: create, poll, fetch, cancel or list.

    A poll is a create that waits for its task: what is compared is the query after it.

    call, body: of a create, the body with all that the client always sends. said: how the client says it.
    """

    face: str
    verb: str
    call: str
    body: dict[str, Any]
    client_call: VerbCall | None = None

    def to_json(self) -> dict[str, Any]:
        """As JSON, for the process that has the SDK."""
        return {**self._asdict(), "client_call": None, "task": TASK, "page_size": API.list_page}


def sample_calls(spec: Spec, count: int, number: int) -> list[SdkCall]:
    """Creating calls, evenly of all models, and the calls on a task.

    count: the legal bodies that are drawn; a few of them no verb says. number: the seed.
    """
    found: list[SdkCall] = []
    each = -(-count // len(spec.models))
    for model in spec.models:
        drawn = [call for question in _drawn(spec, model, each, number) for call in _create(spec, question)]
        found += drawn + [call._replace(face="aio") for call in drawn[::_AIO_EVERY]]
        if drawn and "messages" not in drawn[0].body["input"]:
            told = next(call for call in drawn if call.body["input"]["prompt"])
            found += [told._replace(face=face, verb="poll") for face in FACES]
    tasks = [SdkCall(face, verb, "", {}) for face in FACES for verb in ("fetch", "cancel", "list")]
    return found + tasks


def _create(spec: Spec, question: Question) -> Iterator[SdkCall]:
    """The call, or nothing where the client's verbs can't say it."""
    try:
        said = verb_call(spec, question)
    except NotExpressible:
        return
    assert said.family is not None
    yield SdkCall("sync", "create", said.call, with_defaults(said.family, said, question.body), said)


def _drawn(spec: Spec, model: str, count: int, number: int) -> list[Question]:
    found: list[Question] = []

    @seed(number)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(valid(spec, model))
    def take(question: Question) -> None:
        found.append(question)

    take()
    return found
