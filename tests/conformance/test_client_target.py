"""The client targets: green for the real client, red for each way in which it could be wrong."""

import json
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import httpx
import pytest
from wan_conformance.judge import judge
from wan_conformance.model import Observation, Target
from wan_conformance.targets import TARGETS
from wan_conformance.targets.client.clients import AsyncClientTarget, SyncClientTarget
from wan_conformance.targets.client.expected_request import difference, reorder_parts
from wan_conformance.targets.client.verb_call import NotExpressibleError, verb_call
from wan_conformance.targets.package import ClientPackage

from tests.client.invented import SKETCH, WORDS, invented_client, invented_spec
from wanlib.boundary.case import Case, Question
from wanlib.boundary.images import data_uri_of_image
from wanlib.client.call import arguments as asked
from wanlib.client.call import plan
from wanlib.client.call import preflight as refusing
from wanlib.client.drivers.http_adapter import HttpxAdapter
from wanlib.client.images.inputs import to_image_input
from wanlib.client.protocol.settings import Settings
from wanlib.spec import Spec, load

FIRST, SECOND = "https://example.com/1.png", "oss://bucket/2.png"

BELOW = [[[-1, 0, 1, 1]], []]


@pytest.fixture(scope="module")
def spec() -> Spec:
    return load()


@pytest.fixture(params=["client", "client_async"])
def target(request: pytest.FixtureRequest, spec: Spec) -> Target:
    return TARGETS[request.param](spec)


def fusion(**parameters: Any) -> dict[str, Any]:
    parts = [{"image": FIRST}, {"image": SECOND}, {"text": "The clock of 1 beside the vase of 2"}]
    return messages("wan2.7-image", parts, parameters)


def messages(model: str, parts: list[dict[str, Any]], parameters: dict[str, Any]) -> dict[str, Any]:
    inner = {"messages": [{"role": "user", "content": parts}]}
    return {"model": model, "input": inner, "parameters": parameters}


def interleaved(**parameters: Any) -> dict[str, Any]:
    return messages(
        "wan2.6-image", [{"text": "Tea in three steps"}], {"enable_interleave": True, **parameters}
    )


MASKED = {
    "model": "wanx2.1-imageedit",
    "input": {
        "function": "description_edit_with_mask",
        "prompt": "a hat",
        "base_image_url": FIRST,
        "mask_image_url": SECOND,
    },
}


@pytest.mark.parametrize(
    ("body", "call"),
    [
        (fusion(), None),
        (fusion(n=2, size="2K"), "async"),
        (fusion(seed=7), "sync"),
        (messages("wan2.7-image", [{"text": "a cat"}, {"image": FIRST}], {}), "sync"),
        (
            messages("wan2.7-image", [{"image": data_uri_of_image("png", 300, 300)}, {"text": "a cat"}], {}),
            "async",
        ),
        (interleaved(), "async"),
        (interleaved(stream=True, max_images=3), "stream"),
        (MASKED, "async"),
    ],
)
def test_a_valid_body_is_sent(target: Target, body: Any, call: str | None) -> None:
    assert target.observe(Question(body, call)) == Observation(True, ())


@pytest.mark.parametrize(
    ("body", "call", "accepted", "rules"),
    [
        (fusion(n=99), "async", False, ("wan2.7/n.max",)),
        (
            fusion(n=99, thinking_mode=True),
            "async",
            False,
            ("wan2.7/n.max", "wan2.7/thinking_mode.effective"),
        ),
        (fusion(thinking_mode=True), "sync", True, ("wan2.7/thinking_mode.effective",)),
        (fusion(bbox_list=BELOW), "async", False, ("wan2.7/bbox_list.each.each.each.min",)),
        (fusion(kettle=1), "async", True, ("wan2.7/unknown",)),
        (fusion(kettle=1, n=99), "async", False, ("wan2.7/n.max", "wan2.7/unknown")),
        (fusion(), "stream", False, ("wire/endpoints",)),
        ({**fusion(), "model": "tea"}, "async", False, ("wire/model",)),
        (
            messages("wan2.6-image", [{"text": "a"}], {}),
            None,
            False,
            ("wan2.6/images.min_count:not-interleave",),
        ),
    ],
)
def test_rules_are_named(
    target: Target, body: Any, call: str | None, accepted: bool, rules: tuple[str, ...]
) -> None:
    assert target.observe(Question(body, call)) == Observation(accepted, rules)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ([], "only sends objects"),
        ({"input": {}}, "requires a model"),
        (messages("wan2.7-image", [{"image": FIRST}], {}), "requires a prompt"),
        (messages("wan2.7-image", [{"text": "a"}, {"text": "b"}], {}), "text.max_count"),
        (fusion() | {"kettle": 1}, "wire/messages.unknown"),
        (fusion(prompt="a"), "argument of the client itself"),
        (fusion(timeout=3), "argument of the client itself"),
        (fusion(size=[1024, 1024]), "two integers as a size"),
        (fusion(seed=None), "None as not given"),
        (messages("wan2.7-image", [{"image": "1.png"}, {"text": "a"}], {}), "refuses this image"),
        (messages("wan2.7-image", [{"image": 4}, {"text": "a"}], {}), "refuses this image"),
        ({"model": "wan2.5-i2i-preview", "input": {"prompt": "a", "images": []}}, "empty list of images"),
    ],
)
def test_a_body_that_no_verb_can_express_is_skipped(target: Target, body: Any, reason: str) -> None:
    seen = target.observe(Question(body, None))
    assert seen.skipped and reason in seen.skipped


def test_a_stream_sets_its_own_parameters(spec: Spec) -> None:
    with pytest.raises(NotExpressibleError, match="stream itself sets"):
        verb_call(spec, Question(fusion() | {"model": "wan2.6-image"}, "stream"))


# Ways in which a client could be wrong.

Broken = Callable[[pytest.MonkeyPatch], None]


def sending(change: Callable[[Any], None]) -> Broken:
    """A client whose every request is changed on its way."""

    def broken(patch: pytest.MonkeyPatch) -> None:
        right = HttpxAdapter.build

        def build(self: HttpxAdapter, request: Any) -> Any:
            built = right(self, request)
            change(built)
            return built

        patch.setattr(HttpxAdapter, "build", build)

    return broken


def writing(change: Callable[[dict[str, Any]], None]) -> Broken:
    """A client whose every body is changed before it is written."""

    def broken(patch: pytest.MonkeyPatch) -> None:
        right = plan.CallPlan.body

        def body(self: plan.CallPlan) -> dict[str, Any]:
            written = right(self)
            change(written)
            return written

        patch.setattr(plan.CallPlan, "body", body)

    return broken


def wrong_path(request: Any) -> None:
    request.url = request.url.copy_with(path=request.url.path.replace("image-generation", "text2image"))


def wrong_method(request: Any) -> None:
    request.method = "PUT"


def renamed(old: str, new: str | None, value: str = "enable") -> Callable[[Any], None]:
    def change(request: Any) -> None:
        request.headers.pop(old, None)
        if new:
            request.headers[new] = value

    return change


def reversed_images(body: dict[str, Any]) -> None:
    content = body["input"]["messages"][0]["content"]
    content[:2] = content[1::-1]


def blind(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(plan, "raise_violations", lambda model, ask, violations: None)


def silent(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(plan, "warn_ignored", lambda violations: None)


def strict(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("wanlib.base.violation.REFUSED", frozenset({"rejected", "truncated", "unspecified"}))


def sieve(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(refusing, "_unknown_parameters", lambda model, parameters: [])


def pathless(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(asked, "to_image_input", lambda image, **options: image)


def keyless(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Settings, "headers", lambda self, api, call, schemes=(): {"X-DashScope-Kettle": "on"})


@pytest.mark.parametrize(
    ("broken", "body", "breaks"),
    [
        (sending(wrong_path), fusion(), ()),
        (sending(wrong_method), fusion(), ()),
        (sending(renamed("X-DashScope-OssResourceResolve", None)), fusion(), ()),
        (sending(renamed("Authorization", "Authorization", "Bearer other")), fusion(), ()),
        (sending(renamed("none", "X-DashScope-Sse")), fusion(), ()),
        (sending(renamed("Content-Type", "Content-Type", "text/plain")), fusion(), ()),
        (keyless, fusion(), ()),
        (writing(reversed_images), fusion(), ()),
        (writing(lambda body: body["parameters"].pop("n")), fusion(), ()),
        (writing(lambda body: body["parameters"].update(n=1)), fusion(), ()),
        (writing(lambda body: body["parameters"].update(is_async=True)), fusion(), ()),
        (writing(lambda body: body["parameters"].update(seed=7.0)), fusion(seed=7), ()),
        (blind, fusion(n=99), (("wan2.7/n.max", "rejected"),)),
        (silent, fusion(thinking_mode=True), (("wan2.7/thinking_mode.effective", "ignored"),)),
        (
            strict,
            messages("wan2.7-image", [{"image": FIRST}, {"text": " "}], {}),
            (("wan2.7/prompt.not_blank", "unspecified"),),
        ),
        (sieve, fusion(kettle=1), (("wan2.7/unknown", "unspecified"),)),
        (pathless, messages("wan2.7-image", [{"image": "1.png"}, {"text": "a"}], {}), ()),
    ],
)
def test_each_fault_of_a_client_is_detected(
    monkeypatch: pytest.MonkeyPatch,
    target: Target,
    broken: Broken,
    body: Any,
    breaks: tuple[tuple[str, str], ...],
) -> None:
    case = Case("edge:kettle", None, Question(body, "async"), breaks)
    assert judge(case, target, target.observe(case.question)).verdict in ("pass", "skip")
    broken(monkeypatch)
    assert judge(case, target, target.observe(case.question)).verdict in ("fail", "error")


def test_one_client_passes_images_as_bytes(spec: Spec, monkeypatch: pytest.MonkeyPatch) -> None:
    body = messages("wan2.7-image", [{"image": data_uri_of_image("png", 300, 300)}, {"text": "a cat"}], {})
    kinds: dict[str, list[type]] = {}
    right = to_image_input
    for name in ("client", "client_async"):
        types = kinds.setdefault(name, [])

        def read(image: Any, types: list[type] = types, **options: Any) -> Any:
            types.append(type(image))
            return right(image, **options)

        monkeypatch.setattr(asked, "to_image_input", read)
        TARGETS[name](spec).observe(Question(body, None))
    assert set(kinds["client"]) == {str} and set(kinds["client_async"]) == {bytes}


# What the comparison sees.


def test_difference_names_the_place() -> None:
    assert difference({"a": [1, True]}, {"a": [1, True]}) is None
    assert difference({"a": [1, 1]}, {"a": [1, True]}) == "at /a/1: 1 was sent, expected True"
    assert difference({"a": 1.0}, {"a": 1}) == "at /a: 1.0 was sent, expected 1"
    assert difference({"a": 1, "b": 2}, {"a": 1}) == "at /b: is unexpected"
    assert difference({}, {"a": 1}) == "at /a: is missing"
    assert difference([1], [1, 2]) == "at : 1 items were sent, expected 2"


def test_only_parts_of_different_kinds_change_places(spec: Spec) -> None:
    form = spec.bodies["messages"]
    text, first, second = {"text": "a"}, {"image": FIRST}, {"image": SECOND}
    bodies = [messages("m", parts, {}) for parts in ([text, first, second], [first, second, text])]
    assert reorder_parts(form, bodies[0]) == reorder_parts(form, bodies[1])
    other = reorder_parts(form, messages("m", [text, second, first], {}))
    assert other != reorder_parts(form, bodies[0])
    unchanged = json.dumps(bodies[0])
    assert unchanged.index("text") < unchanged.index(FIRST)


def test_a_target_closes_its_loop(spec: Spec) -> None:
    target: Any = TARGETS["client_async"](spec)
    loop = target._loop
    del target
    assert loop.is_closed()


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def refuse(*args: Any, **options: Any) -> Any:
        raise AssertionError("a target opened a connection")

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", refuse)
    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", refuse)
    yield


# What a model does not have.


@pytest.fixture(scope="module")
def invented(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Spec, ModuleType]]:
    folder = tmp_path_factory.mktemp("invented")
    spec = invented_spec(folder / "spec")
    with invented_client(folder, spec) as package:
        yield spec, package


def accepted(model: str) -> dict[str, Any]:
    more = {"outline": "https://a.example.com/a.png"} if model == SKETCH else {}
    return {"model": model, "input": {"prompt": "a kettle", **more}, "parameters": {"n": 1}}


UNREFUSED = "sent what the model does not have"


@pytest.mark.parametrize("kind", [SyncClientTarget, AsyncClientTarget])
@pytest.mark.parametrize("model", [WORDS, SKETCH])
def test_a_client_that_drops_images_is_detected(
    kind: Any, model: str, invented: tuple[Spec, ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    spec, package = invented
    judged = ClientPackage("", package.checker.check, package.client.Wan, package.client_async.AsyncWan)
    question = Question(accepted(model), "async")
    fine = kind(spec, judged).observe(question)
    assert (fine.accepted, fine.error) == (True, None)
    monkeypatch.setattr("wanlib.client.call.plan.refuse_images", lambda *_: None)
    monkeypatch.setattr("wanlib.client.call.preflight.missing_verb", lambda *_: None)
    assert UNREFUSED in str(kind(spec, judged).observe(question).error)


@pytest.mark.parametrize("kind", [SyncClientTarget, AsyncClientTarget])
def test_a_client_that_drops_a_mask_is_detected(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wanlib.client.call.preflight._unknown_parameters", lambda *_: [])
    content = [{"image": "https://a.example.com/a.png"}, {"text": "a kettle"}]
    body = {"model": "wan2.7-image", "input": {"messages": [{"role": "user", "content": content}]}}
    error = kind(load()).observe(Question(body, "async")).error
    assert f"{UNREFUSED}, or raised no error for it: mask" in str(error)
