"""A transcript of the emulator of a spec: always the same requests, and all responses.

The requests are those of a client that uses the packaged spec.
"""

import base64
import hashlib
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import Any

from tests.emulator.api.test_uploads import form, policy, post
from tests.emulator.api_client import (
    BODIES,
    INTERLEAVED,
    KEY,
    OLDER,
    ORIGIN,
    PLAIN,
    PRO,
    SPEC,
    advance,
    create,
    data_uri,
    fetch,
    functional,
    links,
    messages,
    prompted,
    send,
)
from tests.support.fake_clock import LATE_MAY_2026
from tests.support.image_files import picture
from wanlib.base.clock import ManualClock
from wanlib.emulator import Emulator, Request, Response, Settings
from wanlib.emulator.core.vendor_errors import VendorErrors
from wanlib.emulator.server.asgi_response import early_rejection
from wanlib.spec import Spec

START = LATE_MAY_2026
DAY, NEVER = 86400.0, float("inf")
PROMPTED, FUNCTIONAL = "wan2.5-i2i-preview", "wanx2.1-imageedit"
Scene = Callable[[Spec], Iterator[str]]


def transcript(spec: Spec) -> Iterator[str]:
    """Yield every response as text; a scene that fails yields the error."""
    for scene in SCENES:
        try:
            yield from scene(spec)
        except Exception as error:  # a spec that the emulator cannot play differs from one that it can
            yield f"{scene.__name__} ends with {type(error).__name__}: {error}"


def _emulator(spec: Spec, settings: Settings | None = None) -> Emulator:
    """Return an emulator with a clock that starts at the same time in each run."""
    return Emulator(spec, clock=ManualClock(START), settings=settings)


def _to_text(response: Response) -> str:
    parts = [part.decode("utf-8", "replace") for part in response.parts]
    return json.dumps([response.status, response.headers, parts, response.delay])


@cache
def _image(width: int, height: int) -> str:
    return data_uri(width, height)


def _query(emulator: Emulator, task_id: str) -> Response:
    return send(emulator, "GET", f"/tasks/{task_id}")


def _submit(emulator: Emulator, body: Any, **headers: str) -> str:
    return str(json.loads(create(emulator, body, **headers).body)["output"]["task_id"])


def _made(emulator: Emulator, body: Any, **headers: str) -> Iterator[str]:
    """Yield the responses for a task from its creation to its first picture."""
    created = create(emulator, body, **headers)
    yield _to_text(created)
    if created.status == 200:
        answer = _query(emulator, json.loads(created.body)["output"]["task_id"])
        yield _to_text(answer)
        if urls := links(json.loads(answer.body)):
            file = fetch(emulator, urls[-1])
            yield json.dumps([file.status, file.headers, hashlib.sha256(file.body).hexdigest()])


def _documented_calls(spec: Spec) -> Iterator[str]:
    for model, calls in SPEC.wire["endpoints"].items():
        for call in calls:
            body = INTERLEAVED if call == "stream" else BODIES[model]
            yield _to_text(create(_emulator(spec), body, call))


def _older_sizes(spec: Spec) -> Iterator[str]:
    wide, tall = _image(520, 400), _image(401, 513)
    for body in (
        messages(OLDER, tall, wide, n=1),
        messages(OLDER, wide, size="2K", n=1),
        messages(OLDER, wide, size="777*777", n=1),
        messages(OLDER, _image(401, 253), enable_interleave=True, max_images=1),
        messages(OLDER, _image(1401, 1253), enable_interleave=True, max_images=1),
        messages(OLDER, _image(1656, 990), enable_interleave=True, max_images=1),  # just too large
        messages(OLDER, enable_interleave=True),
        messages(OLDER, enable_interleave=True, max_images=2),
        messages(OLDER, wide),
    ):
        yield _to_text(_query(emulator := _emulator(spec), _submit(emulator, body)))


def _newer_sizes(spec: Spec) -> Iterator[str]:
    wide, tall = _image(520, 400), _image(401, 513)
    for body in (
        messages(PLAIN, tall, wide),
        messages(PLAIN, wide, size="1K"),
        messages(PLAIN, wide, size="777*777"),
        messages(PLAIN, size="1K"),
        messages(PRO, size="4K"),
        messages(PRO),
        messages(PRO, enable_sequential=True),
        messages(PRO, enable_sequential=True, n=3),
    ):
        yield _to_text(_query(emulator := _emulator(spec), _submit(emulator, body)))


def _listed_sizes(spec: Spec) -> Iterator[str]:
    small, wide, tall = _image(513, 515), _image(520, 400), _image(401, 513)
    yield from _made(_emulator(spec), prompted(tall, wide, n=2, seed=7))
    yield from _made(_emulator(spec), prompted(tall, n=1, size="769*771", watermark=True))
    yield from _made(_emulator(spec), functional(small, "super_resolution", upscale_factor=2))
    yield from _made(_emulator(spec), functional(small, "super_resolution"))
    for side in ("left", "right", "top", "bottom"):
        yield from _made(_emulator(spec), functional(small, "expand", **{f"{side}_scale": 1.25}))
    yield from _made(_emulator(spec), functional(small, "expand", seed=7))
    yield from _made(_emulator(spec), functional(small, n=2, seed=7))


def _missing_fields(spec: Spec) -> Iterator[str]:
    for model, body in BODIES.items():
        for place in ("model", "input", "parameters"):
            yield _to_text(create(_emulator(spec), {key: body[key] for key in body if key != place} or {}))
        for name in body["input"]:
            rest = {key: value for key, value in body["input"].items() if key != name}
            yield _to_text(create(_emulator(spec), {**body, "input": rest}))
        yield _to_text(create(_emulator(spec), {**body, "model": f"{model}-next"}))


def _refusals(spec: Spec) -> Iterator[str]:
    url, ftp = "https://example.com/a.png", "ftp://example.com/a.png"
    gif = f"data:image/gif;base64,{data_uri(300, 300, 'gif').partition(',')[2]}"
    turns = messages(PLAIN)["input"]["messages"]
    for body in (
        messages(PLAIN, n=5),
        messages(PLAIN, n=0),
        messages(PLAIN, seed=-1),
        messages(PLAIN, seed="x"),
        messages(PLAIN, size="8K"),
        messages(PLAIN, size="10*10"),
        messages(PLAIN, prompt="a" * 6000, n=1),
        messages(PLAIN, *[url] * 10),
        messages(PLAIN, ftp),
        messages(PLAIN, gif),
        messages(PLAIN, _image(100, 100)),
        messages(PLAIN, _image(8001, 1500)),
        messages(PLAIN, "data:image/png;base64,AAAAAAAA"),
        messages(PLAIN, _image(300, 300).replace("image/png", "image/jpeg")),
        messages(PLAIN, _image(300, 300).replace(";base64", "")),
        {"model": PLAIN, "input": {"messages": turns * 2}},
        {"model": PLAIN, "input": {"messages": []}},
        {"model": PLAIN, "input": {"messages": {}}},
        {"model": PLAIN, "input": 5},
        {"model": 5, "input": {}},
        {"model": PLAIN, "input": {"messages": [{**turns[0], "content": [{"text": 5}]}]}},
        {"model": PROMPTED, "input": {"prompt": 5, "images": [url]}},
        {"model": PROMPTED, "input": {"prompt": "a", "images": url}},
        {"model": PLAIN, "input": {"messages": [{**turns[0], "content": []}]}},
        messages(OLDER),
        messages(OLDER, url, *[url] * 4),
        messages(OLDER, enable_interleave=True, n=2),
        messages(OLDER, enable_interleave=True, stream=False),
        prompted(),
        functional("https://example.com/\u00e4.png"),
        functional(url, "repaint"),
    ):
        yield _to_text(create(_emulator(spec), body))
    yield _to_text(create(_emulator(spec), messages(OLDER, enable_interleave=True), "sync"))
    yield _to_text(create(_emulator(spec), messages(OLDER, enable_interleave=True), "stream"))
    yield _to_text(create(_emulator(spec), BODIES[PROMPTED], "sync"))


def _situations(spec: Spec) -> Iterator[str]:
    body, sync = BODIES[PLAIN], SPEC.wire["endpoints"][PLAIN]["sync"].partition(" ")[2]
    later = SPEC.wire["endpoints"][PLAIN]["async"].partition(" ")[2]
    emulator = _emulator(spec)
    yield _to_text(create(emulator, body, key=""))
    yield _to_text(create(emulator, body, authorization="Basic x"))
    yield _to_text(create(emulator, b"{"))
    yield _to_text(create(emulator, body, content_type="text/plain"))
    yield _to_text(send(emulator, "POST", sync, body, x_dashscope_async="enable"))
    yield _to_text(send(emulator, "POST", later, body))
    yield _to_text(send(emulator, "POST", sync, BODIES[OLDER], x_dashscope_sse="enable"))
    yield _to_text(send(emulator, "POST", sync, body, x_dashscope_sse="enable"))
    yield _to_text(send(emulator, "GET", "/nowhere"))
    yield _to_text(send(emulator, "POST", "/services/aigc/text2image/image-synthesis", body))
    yield _to_text(create(emulator, messages(PLAIN, "oss://folder/cat.png")))
    yield _to_text(create(emulator, messages(PLAIN, "oss://folder/cat.png"), **_RESOLVE))
    other = next(region for region in SPEC.wire["regions"] if region != SPEC.wire["default_region"])
    bound = _emulator(spec, settings=Settings(keys={"sk-test": other}))
    yield _to_text(create(bound, body))
    yield _to_text(create(bound, body, authorization="Bearer sk-other"))
    public = _emulator(spec, settings=Settings(local_images=False))
    yield _to_text(create(public, messages(PLAIN, "http://127.0.0.1/cat.png")))
    for status, row in ((431, "head_too_large"), (413, "body_too_large")):
        answer = early_rejection(VendorErrors(spec), status, row, "1,000")
        yield json.dumps([answer.status, json.loads(answer.body) | {"request_id": ""}])
    broken = _emulator(spec)
    broken.faults.next_fault = None  # type: ignore[method-assign, assignment]
    log = logging.getLogger("wanlib.emulator")
    log.disabled = True
    answer = create(broken, body)
    log.disabled = False
    yield _to_text(answer)
    yield _to_text(create(emulator, body, x_wan_fault="nonsense"))
    yield _to_text(create(emulator, body, x_wan_fault="error"))
    yield _to_text(create(emulator, body, "sync", x_wan_fault="fail"))
    yield _to_text(create(emulator, INTERLEAVED, "stream", x_wan_fault="fail"))
    yield _to_text(send(emulator, "POST", "/tasks/1234/cancel"))
    yield _to_text(_query(emulator, "1234"))
    yield _to_text(send(emulator, "GET", "/tasks/1234", x_wan_fault="status"))
    yield _to_text(_query(emulator, _submit(emulator, body, x_wan_fault="fail")))
    yield _to_text(_query(emulator, _submit(emulator, BODIES[PROMPTED], x_wan_fault="partial")))


_RESOLVE = {"x_dashscope_ossresourceresolve": "enable"}


def _codes(spec: Spec) -> Iterator[str]:
    emulator = _emulator(spec)
    for code in SPEC.wire["errors"]:
        yield _to_text(create(emulator, BODIES[PLAIN], x_wan_fault=f"error code={code}"))


def _lives(spec: Spec) -> Iterator[str]:
    """Tasks at many moments: waiting, working, ended, without a result, forgotten."""
    emulator = _emulator(spec, settings=Settings(waiting=10, working=20))
    task, failing = (_submit(emulator, BODIES[PLAIN], **headers) for headers in ({}, {"x_wan_fault": "fail"}))
    for pause in (0, 10, 19, 1, 1, DAY - 31, 1, 29, 1):
        advance(emulator, pause)
        yield from (_to_text(_query(emulator, task_id)) for task_id in (task, failing))
    emulator = _emulator(spec)
    answer = json.loads(_query(emulator, _submit(emulator, BODIES[PLAIN])).body)
    for pause in (0, DAY - 1, 1, 1):
        advance(emulator, pause)
        file = fetch(emulator, links(answer)[0])
        yield _to_text(file if file.status != 200 else file._replace(parts=()))
    yield _to_text(
        fetch(emulator, links(answer)[0].replace("Signature=", "Signature=x").replace("/0.", "/9."))
    )
    emulator = _emulator(spec, settings=Settings(working=NEVER))
    task = _submit(emulator, BODIES[PLAIN])
    for pause in (3 * 3600 - 1, 1, 1):
        advance(emulator, pause)
        yield _to_text(_query(emulator, task))


def _cancels(spec: Spec) -> Iterator[str]:
    emulator = _emulator(spec, settings=Settings(waiting=10, working=10))
    task = _submit(emulator, BODIES[PLAIN])
    running = _submit(emulator, BODIES[PLAIN])
    yield _to_text(send(emulator, "POST", f"/tasks/{task}/cancel"))
    yield _to_text(_query(emulator, task))
    advance(emulator, 10)
    yield _to_text(send(emulator, "POST", f"/tasks/{running}/cancel"))
    advance(emulator, 10)
    yield _to_text(send(emulator, "POST", f"/tasks/{running}/cancel"))


def _lists(spec: Spec) -> Iterator[str]:
    emulator = _emulator(spec, settings=Settings(waiting=10, working=10))
    task = ""
    for _ in range(12):
        task = _submit(emulator, BODIES[PLAIN])
        advance(emulator, 1)
    _submit(emulator, BODIES[PROMPTED])
    for query in (
        "",
        "?page_no=2",
        "?page_size=3&page_no=4",
        "?status=RUNNING",
        "?status=SLEEPING",
        f"?model_name={PROMPTED}",
        f"?task_id={task}",
        "?start_time=yesterday",
        "?start_time=20260101000000&end_time=20260102000000",
        "?start_time=20260101000000&end_time=20260102000001",
        "?page_no=0",
    ):
        yield _to_text(send(emulator, "GET", f"/tasks/{query}"))
    advance(emulator, DAY - 1)
    yield _to_text(send(emulator, "GET", "/tasks/"))


def _uploads(spec: Spec) -> Iterator[str]:
    cat = picture("png", size=(800, 400))
    emulator = _emulator(spec)
    for query in (
        "?action=getPolicy&model=wan2.7-image",
        "?action=get&model=wan2.7-image",
        "?action=getPolicy",
    ):
        yield _to_text(send(emulator, "GET", f"/uploads{query}"))
    leave = policy(emulator)
    for changes in ({}, {}, {"Signature": "x"}, {"key": "elsewhere/cat.png"}, {"success_action_status": ""}):
        yield _to_text(post(emulator, leave, form(leave, **changes), cat))
    for name in [name for name, _ in form(leave)]:
        fields = [(key, value) for key, value in form(leave, "dog.png") if key != name]
        yield _to_text(post(emulator, leave, fields, cat))
    yield _to_text(post(emulator, leave, form(leave, "dog.png"), cat, last="data"))
    body = messages(PLAIN, f"oss://{leave['upload_dir']}/cat.png", size="1K", n=1)
    yield _to_text(create(emulator, body, **_RESOLVE))
    for pause in (299, 1, 1):
        advance(emulator, pause)
        yield _to_text(post(emulator, leave, form(leave, f"{emulator.clock.wall()}.png"), cat))
    for pause in (48 * 3600 - 302, 1, 1):
        advance(emulator, pause)
        yield _to_text(create(emulator, body, **_RESOLVE))


def _tokens(spec: Spec) -> Iterator[str]:
    emulator = _emulator(spec)
    for query in ("", "?expire_in_seconds=1", "?expire_in_seconds=0", "?expire_in_seconds=1800"):
        yield _to_text(send(emulator, "POST", f"/tokens{query}"))
    yield _to_text(send(emulator, "POST", "/tokens?expire_in_seconds=1801"))


def _keys(spec: Spec) -> Iterator[str]:
    """Which calls take a request without a key."""
    emulator = _emulator(spec)
    for method, path in (
        ("GET", "/tasks/1"),
        ("GET", "/tasks/"),
        ("POST", "/tasks/1/cancel"),
        ("POST", "/tokens"),
    ):
        yield _to_text(send(emulator, method, path, key=""))
    yield _to_text(send(emulator, "GET", f"/uploads?action=getPolicy&model={PLAIN}", key=""))


def _quotas(spec: Spec) -> Iterator[str]:
    for model, body in BODIES.items():
        emulator = _emulator(spec, settings=Settings(quotas=True, working=10))
        limit = SPEC.wire["rates"][model]
        created = [create(emulator, body) for _ in range(limit["submit_per_second"] + 1)]
        yield from map(_to_text, created)
        tasks = [
            json.loads(response.body)["output"]["task_id"] for response in created if response.status == 200
        ]
        advance(emulator, 1)
        tasks.append(_submit(emulator, body))
        yield from (_to_text(_query(emulator, task)) for task in tasks)
    for path, rate in (
        ("/tasks/1", "query"),
        ("/tasks/", "list"),
        (f"/uploads?action=getPolicy&model={PLAIN}", "policy"),
    ):
        emulator = _emulator(spec, settings=Settings(quotas=True))
        yield from (
            _to_text(send(emulator, "GET", path)) for _ in range(SPEC.wire["account_rates"][rate] + 1)
        )
    emulator = _emulator(spec, settings=Settings(quotas=True))
    for _ in range(SPEC.wire["account_rates"]["cancel"] + 1):
        yield _to_text(send(emulator, "POST", "/tasks/1/cancel"))


def _regions(spec: Spec) -> Iterator[str]:
    for region in SPEC.wire["regions"]:
        emulator = _emulator(spec, settings=Settings(region=region))
        for model, calls in SPEC.wire["endpoints"].items():
            for call in calls:
                body = INTERLEAVED if call == "stream" else BODIES[model]
                answer = create(emulator, body, call)
                yield _to_text(answer if answer.status != 200 else answer._replace(headers=(), parts=()))
        yield _to_text(send(emulator, "GET", "/tasks/"))


def _raw(spec: Spec) -> Iterator[str]:
    """A key in other letters, and the storage's own paths."""
    headers = {"authorization": KEY["authorization"].lower(), "content-type": "application/json"}
    target = f"{SPEC.wire['base_path']}/tasks/1"
    yield _to_text(_emulator(spec).handle(Request("GET", target, headers, b"", ORIGIN)))


def _large_files(spec: Spec) -> Iterator[str]:
    """An image and an upload of more bytes than are taken; the bound of uploads is lowered to a megabyte."""
    large = base64.b64encode(picture("png", size=(500, 500)) + bytes(10 << 20)).decode()
    yield _to_text(create(_emulator(spec), prompted(f"data:image/png;base64,{large}")))
    upload = {**spec.service["upload"], "max_file_mb": 1}
    emulator = _emulator(replace(spec, service=MappingProxyType({**spec.service, "upload": upload})))
    leave = policy(emulator)
    yield _to_text(post(emulator, leave, form(leave, "large.png"), bytes((1 << 20) + 1)))


SCENES: tuple[Scene, ...] = (
    _documented_calls,
    _older_sizes,
    _newer_sizes,
    _codes,
    _situations,
    _lives,
    _cancels,
    _tokens,
    _keys,
    _lists,
    _quotas,
    _regions,
    _missing_fields,
    _refusals,
    _uploads,
    _listed_sizes,
    _raw,
    _large_files,
)
