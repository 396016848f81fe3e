"""The emulator reports what the interpreter reports, refuses what is rejected, and accepts the rest."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.emulator.api_client import (
    BODIES,
    INTERLEAVED,
    OLDER,
    PLAIN,
    SPEC,
    URL,
    advance,
    create,
    data_uri,
    json_of,
    links,
    messages,
    prompted,
    query,
    rules,
    send,
    submit,
)
from tests.support.api_facts import default_of, limit_of
from wanlib.boundary.cases import boundary_cases
from wanlib.emulator import Emulator, RealClock, Settings
from wanlib.spec import interpret

HEAVY = ("max_bytes", "max_side")  # files of many megabytes


def small_edges() -> Iterator[tuple[Any, str]]:
    rules = [rule for rule in SPEC.rules.values() if rule.scope == "body" and rule.kind not in HEAVY]
    for rule in rules:
        for case in boundary_cases(SPEC, rule.id):
            if "oss://" not in json.dumps(case.question.body).lower():  # there is no such file
                yield case.question.body, case.question.call or "async"


def test_edges_are_judged_as_the_interpreter_judges_them() -> None:
    emulator = Emulator(settings=Settings(local_images=False))
    seen: dict[int, int] = {}
    for body, call in small_edges():
        sent = b"null" if body is None else body
        answer, due = create(emulator, sent, call), interpret(SPEC, body, call)
        assert rules(answer) == {violation.rule: violation.outcome for violation in due}
        assert (answer.status == 200) is not any(violation.outcome == "rejected" for violation in due), body
        assert answer.status in (200, 400, 404)
        seen[answer.status] = seen.get(answer.status, 0) + 1
    assert seen[200] > 500 and seen[400] > 500


def test_private_image_urls_pass_unless_the_switch_is_off() -> None:
    """Tests edit pictures on loopback; `wanlib serve` and the harness judge as the service does."""
    body = messages(PLAIN, "http://127.0.0.1:8000/cat.png", n=1)
    assert rules(create(Emulator(), body)) == {}
    answer = create(Emulator(settings=Settings(local_images=False)), body)
    assert answer.status == 400 and json_of(answer)["code"] == "InvalidParameter.DataInspection"
    assert rules(answer) == {"wan2.7/images.each.public": "rejected"}


def test_a_region_of_which_nothing_is_documented_lets_every_call_through() -> None:
    emulator = Emulator(settings=Settings(region="hongkong"))
    for body in (*BODIES.values(), INTERLEAVED):
        call = "stream" if body is INTERLEAVED else "async"
        assert rules(create(emulator, body, call)) == {}


def test_signatures_expire_by_the_clock_of_the_emulator() -> None:
    emulator = Emulator()
    body = messages(PLAIN, f"{URL}?Expires={int(emulator.clock.now()) + 60}&Signature=s", n=1)
    advance(emulator, 60)
    assert rules(create(emulator, body)) == {}
    advance(emulator, 1)
    late = create(emulator, body)
    assert late.status == 200 and rules(late) == {"wan2.7/images.each.unexpired": "unspecified"}


def test_signatures_expire_by_the_time_of_day() -> None:
    """On a clock whose monotonic seconds are not those since 1970."""
    body = messages(PLAIN, f"{URL}?Expires=1000000000&Signature=s", n=1)
    assert rules(create(Emulator(clock=RealClock()), body)) == {"wan2.7/images.each.unexpired": "unspecified"}


N, SET = limit_of("wan2.7/n.max"), limit_of("wan2.7/n.max:sequential")
SEED = limit_of("wan2.7/seed.max")


@pytest.mark.parametrize(
    ("body", "call", "code", "message"),
    [
        ({"input": {}}, "async", "BadRequest.EmptyModel", 'Required parameter "model" missing from request.'),
        ({"model": "wan9", "input": {}}, "async", "ModelNotFound", None),
        *(
            (body, "async", "BadRequest.EmptyInput", "Required input parameter missing from request.")
            for body in ({"model": PLAIN}, {"model": PLAIN, "input": None})
        ),
        ({"model": PLAIN, "input": {}}, "async", "InvalidParameter", "No messages found in input"),
        ({"model": PLAIN, "input": {"messages": None}}, "async", None, "No messages found in input"),
        (messages(PLAIN, None), "async", "InvalidParameter", None),
        (prompted(None), "async", "InvalidParameter", None),
        ({"model": PLAIN, "input": {"messages": []}}, "async", None, "messages length only support 1"),
        (messages(OLDER), "async", None, "lack of image or text"),
        (messages(PLAIN, n=N + 1), "async", None, f"Range of n should be [1, {N}]"),
        (
            messages(PLAIN, n=SET + 1, enable_sequential=True),
            "async",
            None,
            f"Range of n should be [1, {SET}]",
        ),
        (messages(OLDER, n=2, enable_interleave=True), "async", None, "num_images_per_prompt must be 1."),
        (
            messages(PLAIN, seed=-1),
            "async",
            None,
            f"Range of seed should be [0, {SEED}]",
        ),
        (prompted(URL), "sync", None, "url error, please check url\uff01"),
        (messages(PLAIN, "ftp://a/b"), "sync", None, "The provided URL does not appear to be valid."),
        (
            messages(PLAIN, data_uri(limit_of("wan2.7/images.each.min_side") - 1, 300)),
            "sync",
            None,
            "the size of input image is too small or too large.",
        ),
        (messages(PLAIN, data_uri(300, 300, "gif")), "sync", None, "image format error"),
        (
            messages(PLAIN, "data:image/png;base64,AAAA"),
            "sync",
            None,
            "Invalid image format or corrupted file",
        ),
    ],
)
def test_a_refusal_speaks_as_the_vendor(body: Any, call: str, code: str | None, message: str | None) -> None:
    answer = create(Emulator(), body, call)
    assert json_of(answer)["code"] == (code or "InvalidParameter")
    assert message is None or json_of(answer)["message"].startswith(message)
    assert answer.status == SPEC.wire["errors"][json_of(answer)["code"]]["status"]
    assert rules(answer)


def test_a_range_is_reported_beside_values_of_wrong_types() -> None:
    parameters = {"n": 0, "seed": "x", "enable_sequential": [], "thinking_mode": {}, "size": 5}
    answer = create(Emulator(), messages(PLAIN) | {"parameters": {"n": 0, "seed": "x"}})
    assert json_of(answer)["message"] == f"Range of n should be [1, {N}]"
    assert create(Emulator(), messages(PLAIN) | {"parameters": parameters}).status == 400


def test_no_message_of_a_refusal_shows_a_secret() -> None:
    secret = "https://example.com/a.png?Signature=verysecret"
    body = messages(PLAIN, URL) | {"parameters": {"size": secret}}
    assert b"verysecret" not in create(Emulator(), body).body


def test_a_rule_that_is_broken_twice_is_named_once() -> None:
    answer = create(Emulator(), messages(PLAIN, URL, one=1, two=2))
    assert answer.header("X-Wan-Rules") == "wan2.7/unknown;unspecified"


def test_a_truncated_value_is_cut_and_reported() -> None:
    emulator = Emulator()
    length = limit_of("wan2.5/prompt.max_chars")
    answer = create(emulator, prompted(URL, prompt="x" * (length + 1)))
    assert rules(answer) == {"wan2.5/prompt.max_chars": "truncated"}
    entry = query(emulator, json_of(answer)["output"]["task_id"])["output"]["results"][0]
    assert entry["orig_prompt"] == "x" * length


def test_an_ignored_parameter_has_no_effect() -> None:
    emulator = Emulator()
    answer = create(emulator, messages(OLDER, URL, n=2, max_images=5))
    assert rules(answer) == {"wan2.6/max_images.effective": "ignored"}
    assert len(links(query(emulator, json_of(answer)["output"]["task_id"]))) == 2


@pytest.mark.parametrize("parameters", [{"n": None}, {"watermark": None, "seed": None}, {"size": None}])
def test_null_is_accepted_and_counts_as_absent(parameters: dict[str, Any]) -> None:
    emulator = Emulator()
    answer = create(emulator, messages(PLAIN, URL, **parameters))
    assert set(rules(answer).values()) == {"unspecified"}
    assert len(links(query(emulator, json_of(answer)["output"]["task_id"]))) == default_of("wan2.7/n")


def test_a_call_goes_to_the_path_of_its_model() -> None:
    image2image = "/services/aigc/image2image/image-synthesis"
    answer = send(Emulator(), "POST", image2image, BODIES[PLAIN], x_dashscope_async="enable")
    assert rules(answer) == {"wire/endpoints": "rejected"} and "url error" in json_of(answer)["message"]


@pytest.mark.parametrize("call", ["sync", "async"])
@pytest.mark.parametrize("model", SPEC.models)
def test_a_model_on_the_path_of_a_sister_line_is_a_url_error(model: str, call: str) -> None:
    path = "/services/aigc/text2image/image-synthesis"
    headers = {"x_dashscope_async": "enable"} if call == "async" else {}
    answer = send(Emulator(), "POST", path, BODIES[model], **headers)
    assert rules(answer) == {"wire/endpoints": "rejected"}
    assert (answer.status, json_of(answer)["code"]) == (400, "InvalidParameter")
    assert json_of(answer)["message"] == "url error, please check url\uff01"


@pytest.mark.parametrize(
    ("call", "header", "words"), [("async", "disable", "synchronous"), ("sync", "enable", "asynchronous")]
)
def test_path_and_asynchronous_header_go_together(call: str, header: str, words: str) -> None:
    answer = create(Emulator(), BODIES[PLAIN] | {"x": 1}, call, x_dashscope_async=header)
    assert (answer.status, json_of(answer)["code"]) == (403, "AccessDenied")
    assert f"does not support {words} calls" in json_of(answer)["message"]
    assert rules(answer).keys() == {
        "wire/headers.X-DashScope-Async",
        "wire/messages.unknown",
    }  # all are named
    assert create(Emulator(), BODIES[PLAIN], "sync", x_dashscope_async="disable").status == 200


def test_a_key_is_needed_and_none_is_checked() -> None:
    emulator = Emulator()
    for headers, message in (
        ({"key": ""}, "No API-key provided."),
        ({"authorization": "Basic eA=="}, "Invalid API-key provided."),
        ({"authorization": "Bearer "}, "Invalid API-key provided."),
    ):
        answer = create(emulator, BODIES[PLAIN], **headers)
        assert (answer.status, json_of(answer)["message"]) == (401, message)
        assert rules(answer) == {"wire/headers.Authorization": "rejected"}
    assert create(emulator, BODIES[PLAIN], authorization="Bearer anything").status == 200


@pytest.mark.parametrize("model", ["wan2.7-image-pro", PLAIN])
def test_the_header_of_streams_on_a_model_that_does_not_stream(model: str) -> None:
    path = "/services/aigc/multimodal-generation/generation"
    for parameters in ({}, {"stream": False}):
        body = messages(model, URL, **parameters)
        answer = send(Emulator(), "POST", path, body, x_dashscope_sse="enable")
        assert (answer.status, json_of(answer)["code"]) == (400, "InvalidParameter")
        assert json_of(answer)["message"] == (
            "x-dashscope-sse and stream parameter mismatch. Received: x-dashscope-sse=enable, stream=False"
        )
        assert rules(answer)["wire/endpoints"] == "rejected"
    answer = send(Emulator(), "POST", path, messages(model, URL, stream=True), x_dashscope_sse="enable")
    assert "url error" in json_of(answer)["message"] and rules(answer)["wire/endpoints"] == "rejected"


def test_the_header_of_streams_in_a_mode_that_does_not_stream() -> None:
    for parameters in ({}, {"stream": False}, {"enable_interleave": False}):
        answer = create(Emulator(), messages("wan2.6-image", URL, **parameters), "stream")
        assert (answer.status, json_of(answer)["code"]) == (400, "InvalidParameter")
        assert json_of(answer)["message"] == (
            "x-dashscope-sse and stream parameter mismatch. Received: x-dashscope-sse=enable, stream=False"
        )
        assert rules(answer) == {"wan2.6/calls.stream.only_in": "rejected"}
    answer = create(Emulator(), messages("wan2.6-image", URL, enable_interleave=True, stream=True), "stream")
    assert answer.status == 200


def test_keys_are_bound_to_a_region() -> None:
    keys = {"sk-here": "beijing", "sk-there": "singapore"}
    for region, good, bad in (("beijing", "sk-here", "sk-there"), ("singapore", "sk-there", "sk-here")):
        emulator = Emulator(settings=Settings(region=region, keys=keys))
        assert create(emulator, BODIES[PLAIN], authorization=f"Bearer {good}").status == 200
        answer = create(emulator, BODIES[PLAIN], authorization=f"Bearer {bad}")
        assert (answer.status, json_of(answer)["code"]) == (401, "InvalidApiKey")
        assert json_of(answer)["message"] == "Invalid API-key provided."
        assert rules(answer) == {"wire/regions": "rejected"}
        answer = create(emulator, BODIES[PLAIN], authorization="Bearer sk-unknown")
        assert answer.status == 401 and rules(answer) == {"wire/headers.Authorization": "rejected"}
        lent = json_of(send(emulator, "POST", "/tokens", authorization=f"Bearer {good}"))["token"]
        assert create(emulator, BODIES[PLAIN], authorization=f"Bearer {lent}").status == 200
    with pytest.raises(ValueError, match="a key has the unknown region 'atlantis', expected one of beijing"):
        Emulator(settings=Settings(keys={"sk-x": "atlantis"}))


def test_a_lent_key_ends() -> None:
    emulator = Emulator()
    lent = json_of(send(emulator, "POST", "/tokens?expire_in_seconds=60"))
    assert lent["expires_at"] == emulator.clock.wall() + 60
    key = f"Bearer {lent['token']}"
    advance(emulator, 59)
    assert create(emulator, BODIES[PLAIN], authorization=key).status == 200
    advance(emulator, 1)
    assert create(emulator, BODIES[PLAIN], authorization=key).status == 401
    longest = SPEC.wire["queries"]["token"]["expire_in_seconds"]["max"]
    for seconds in ("0", f"{longest + 1}", "x", "9" * 5000):
        assert send(emulator, "POST", f"/tokens?expire_in_seconds={seconds}").status == 400


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b'{"model": NaN}', b"[" * 100_000, b"1" * 5000])
def test_a_body_that_is_not_json_is_refused(raw: bytes) -> None:
    answer = create(Emulator(), raw)
    assert (answer.status, json_of(answer)["code"]) == (400, "InvalidParameter")
    assert json_of(answer)["message"].startswith("Required body invalid") or rules(answer) == {
        "wire/model": "rejected"
    }


def test_the_content_type_is_required() -> None:
    assert create(Emulator(), BODIES[PLAIN], content_type="application/json; charset=utf-8").status == 200
    answer = create(Emulator(), BODIES[PLAIN], content_type="text/plain")
    assert rules(answer) == {"wire/headers.Content-Type": "rejected"} and answer.status == 400


def test_deviations_of_the_official_sdk_are_accepted() -> None:
    emulator = Emulator(settings=Settings(waiting=60))
    answer = create(emulator, messages(PLAIN, URL, is_async=True))
    assert answer.status == 200 and rules(answer) == {"wan2.7/unknown": "unspecified"}
    task = json_of(answer)["output"]["task_id"]
    assert (
        json_of(send(emulator, "GET", f"/tasks/{task}/?size=1280*1280&n=1"))["output"]["task_status"]
        == "PENDING"
    )
    assert send(emulator, "GET", "/tasks?page_no=1").status == 200
    empty = {"model": "", "parameters": {}, "input": ""}
    assert send(emulator, "POST", f"/tasks/{task}/cancel/", empty).status == 200
    streamed = messages(OLDER, enable_interleave=True)  # 2.0.2 no longer sends `stream`
    answer = create(emulator, streamed, "stream")
    assert answer.status == 200 and rules(answer) == {"wan2.6/stream.required:interleave_sync": "unspecified"}


def test_a_region_without_the_call_refuses_it() -> None:
    emulator = Emulator(settings=Settings(region="frankfurt"))
    assert create(emulator, BODIES[OLDER]).status == 200
    answer = create(emulator, BODIES[OLDER], "sync")
    assert json_of(answer)["code"] == "ModelNotFound" and rules(answer) == {"wire/regions": "rejected"}
    with pytest.raises(ValueError, match="unknown region 'atlantis', expected one of beijing"):
        Emulator(settings=Settings(region="atlantis"))


def test_a_stream_without_its_header_is_refused() -> None:
    answer = create(Emulator(), INTERLEAVED, "sync")
    assert "wan2.6/enable_interleave.one_of:plain_sync" in rules(answer) and answer.status == 400


def test_unknown_paths_are_errors_of_the_same_form() -> None:
    emulator = Emulator()
    for method, path in (
        ("GET", "/nowhere"),
        ("DELETE", "/tasks/1"),
        ("GET", "/tasks/1/2/3"),
        ("PUT", "/uploads"),
    ):
        answer = send(emulator, method, path)
        assert (answer.status, json_of(answer)["code"]) == (404, "NotFound")


def test_the_same_requests_in_the_same_order_get_the_same_bytes() -> None:
    def run(seed: int) -> list[bytes]:
        emulator = Emulator(seed=seed)
        return [create(emulator, body).body for body in BODIES.values()]

    assert run(1) == run(1) != run(2)


def test_history_contains_requests_and_violated_rules() -> None:
    emulator = Emulator()
    submit(emulator, prompted(URL, prompt="x" * (limit_of("wan2.5/prompt.max_chars") + 1)))
    send(emulator, "GET", "/tasks/1111?secret=1")
    first, second = emulator.history
    assert (first.call, first.status, first.rules) == ("async", 200, "wan2.5/prompt.max_chars;truncated")
    assert (second.call, second.path, second.rules) == ("query", "/api/v1/tasks/1111", "")
