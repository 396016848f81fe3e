"""Scenarios about the service: errors, lives of tasks, lists, uploads, quotas, regions."""

import json
import logging
from collections.abc import Iterator

from tests.effects.scenario import DAY, NEVER, PROMPTED, new_emulator, query_task, submit, to_text
from tests.emulator.api.test_uploads import form, policy, post
from tests.emulator.api_client import (
    BODIES,
    INTERLEAVED,
    KEY,
    OLDER,
    ORIGIN,
    PLAIN,
    SPEC,
    advance,
    create,
    fetch,
    links,
    messages,
    send,
)
from tests.support.api_facts import seconds
from tests.support.image_files import picture
from wanlib.emulator import Request, Settings
from wanlib.emulator.core.vendor_errors import VendorErrors
from wanlib.emulator.server.asgi_response import early_rejection
from wanlib.spec import Spec


def situations(spec: Spec) -> Iterator[str]:
    body, sync = BODIES[PLAIN], SPEC.wire["endpoints"][PLAIN]["sync"].partition(" ")[2]
    later = SPEC.wire["endpoints"][PLAIN]["async"].partition(" ")[2]
    emulator = new_emulator(spec)
    yield to_text(create(emulator, body, key=""))
    yield to_text(create(emulator, body, authorization="Basic x"))
    yield to_text(create(emulator, b"{"))
    yield to_text(create(emulator, body, content_type="text/plain"))
    yield to_text(send(emulator, "POST", sync, body, x_dashscope_async="enable"))
    yield to_text(send(emulator, "POST", later, body))
    yield to_text(send(emulator, "POST", sync, BODIES[OLDER], x_dashscope_sse="enable"))
    yield to_text(send(emulator, "POST", sync, body, x_dashscope_sse="enable"))
    yield to_text(send(emulator, "GET", "/nowhere"))
    yield to_text(send(emulator, "POST", "/services/aigc/text2image/image-synthesis", body))
    yield to_text(create(emulator, messages(PLAIN, "oss://folder/cat.png")))
    yield to_text(create(emulator, messages(PLAIN, "oss://folder/cat.png"), **_RESOLVE))
    other = next(region for region in SPEC.wire["regions"] if region != SPEC.wire["default_region"])
    bound = new_emulator(spec, settings=Settings(keys={"sk-test": other}))
    yield to_text(create(bound, body))
    yield to_text(create(bound, body, authorization="Bearer sk-other"))
    public = new_emulator(spec, settings=Settings(local_images=False))
    yield to_text(create(public, messages(PLAIN, "http://127.0.0.1/cat.png")))
    for status, row in ((431, "head_too_large"), (413, "body_too_large")):
        answer = early_rejection(VendorErrors(spec), status, row, "1,000")
        yield json.dumps([answer.status, json.loads(answer.body) | {"request_id": ""}])
    broken = new_emulator(spec)
    broken.faults.next_fault = None  # type: ignore[method-assign, assignment]
    log = logging.getLogger("wanlib.emulator")
    log.disabled = True
    answer = create(broken, body)
    log.disabled = False
    yield to_text(answer)
    yield to_text(create(emulator, body, x_wan_fault="nonsense"))
    yield to_text(create(emulator, body, x_wan_fault="error"))
    yield to_text(create(emulator, body, "sync", x_wan_fault="fail"))
    yield to_text(create(emulator, INTERLEAVED, "stream", x_wan_fault="fail"))
    yield to_text(send(emulator, "POST", "/tasks/1234/cancel"))
    yield to_text(query_task(emulator, "1234"))
    yield to_text(send(emulator, "GET", "/tasks/1234", x_wan_fault="status"))
    yield to_text(query_task(emulator, submit(emulator, body, x_wan_fault="fail")))
    yield to_text(query_task(emulator, submit(emulator, BODIES[PROMPTED], x_wan_fault="partial")))


_RESOLVE = {"x_dashscope_ossresourceresolve": "enable"}


def codes(spec: Spec) -> Iterator[str]:
    emulator = new_emulator(spec)
    for code in SPEC.wire["errors"]:
        yield to_text(create(emulator, BODIES[PLAIN], x_wan_fault=f"error code={code}"))


def lives(spec: Spec) -> Iterator[str]:
    """Tasks at many moments: waiting, working, ended, without a result, forgotten."""
    emulator = new_emulator(spec, settings=Settings(waiting=10, working=20))
    task, failing = (submit(emulator, BODIES[PLAIN], **headers) for headers in ({}, {"x_wan_fault": "fail"}))
    for pause in (0, 10, 19, 1, 1, DAY - 31, 1, 29, 1):
        advance(emulator, pause)
        yield from (to_text(query_task(emulator, task_id)) for task_id in (task, failing))
    emulator = new_emulator(spec)
    answer = json.loads(query_task(emulator, submit(emulator, BODIES[PLAIN])).body)
    for pause in (0, DAY - 1, 1, 1):
        advance(emulator, pause)
        file = fetch(emulator, links(answer)[0])
        yield to_text(file if file.status != 200 else file._replace(parts=()))
    yield to_text(
        fetch(emulator, links(answer)[0].replace("Signature=", "Signature=x").replace("/0.", "/9."))
    )
    emulator = new_emulator(spec, settings=Settings(working=NEVER))
    task = submit(emulator, BODIES[PLAIN])
    for pause in (seconds(SPEC.wire["timeouts"]["internal"]) - 1, 1, 1):
        advance(emulator, pause)
        yield to_text(query_task(emulator, task))


def cancels(spec: Spec) -> Iterator[str]:
    emulator = new_emulator(spec, settings=Settings(waiting=10, working=10))
    task = submit(emulator, BODIES[PLAIN])
    running = submit(emulator, BODIES[PLAIN])
    yield to_text(send(emulator, "POST", f"/tasks/{task}/cancel"))
    yield to_text(query_task(emulator, task))
    advance(emulator, 10)
    yield to_text(send(emulator, "POST", f"/tasks/{running}/cancel"))
    advance(emulator, 10)
    yield to_text(send(emulator, "POST", f"/tasks/{running}/cancel"))


def lists(spec: Spec) -> Iterator[str]:
    emulator = new_emulator(spec, settings=Settings(waiting=10, working=10))
    task = ""
    for _ in range(12):
        task = submit(emulator, BODIES[PLAIN])
        advance(emulator, 1)
    submit(emulator, BODIES[PROMPTED])
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
        yield to_text(send(emulator, "GET", f"/tasks/{query}"))
    advance(emulator, DAY - 1)
    yield to_text(send(emulator, "GET", "/tasks/"))


def uploads(spec: Spec) -> Iterator[str]:
    cat = picture("png", size=(800, 400))
    emulator = new_emulator(spec)
    for query in (
        "?action=getPolicy&model=wan2.7-image",
        "?action=get&model=wan2.7-image",
        "?action=getPolicy",
    ):
        yield to_text(send(emulator, "GET", f"/uploads{query}"))
    leave = policy(emulator)
    for changes in ({}, {}, {"Signature": "x"}, {"key": "elsewhere/cat.png"}, {"success_action_status": ""}):
        yield to_text(post(emulator, leave, form(leave, **changes), cat))
    for name in [name for name, _ in form(leave)]:
        fields = [(key, value) for key, value in form(leave, "dog.png") if key != name]
        yield to_text(post(emulator, leave, fields, cat))
    yield to_text(post(emulator, leave, form(leave, "dog.png"), cat, last="data"))
    body = messages(PLAIN, f"oss://{leave['upload_dir']}/cat.png", size="1K", n=1)
    yield to_text(create(emulator, body, **_RESOLVE))
    expires = seconds(SPEC.wire["upload"]["policy_expires"])
    for pause in (expires - 1, 1, 1):
        advance(emulator, pause)
        yield to_text(post(emulator, leave, form(leave, f"{emulator.clock.wall()}.png"), cat))
    for pause in (seconds(SPEC.wire["upload"]["expires"]) - expires - 2, 1, 1):
        advance(emulator, pause)
        yield to_text(create(emulator, body, **_RESOLVE))


def tokens(spec: Spec) -> Iterator[str]:
    longest = SPEC.wire["queries"]["token"]["expire_in_seconds"]["max"]
    emulator = new_emulator(spec)
    for query in ("", "?expire_in_seconds=1", "?expire_in_seconds=0", f"?expire_in_seconds={longest}"):
        yield to_text(send(emulator, "POST", f"/tokens{query}"))
    yield to_text(send(emulator, "POST", f"/tokens?expire_in_seconds={longest + 1}"))


def keys(spec: Spec) -> Iterator[str]:
    """Which calls take a request without a key."""
    emulator = new_emulator(spec)
    for method, path in (
        ("GET", "/tasks/1"),
        ("GET", "/tasks/"),
        ("POST", "/tasks/1/cancel"),
        ("POST", "/tokens"),
    ):
        yield to_text(send(emulator, method, path, key=""))
    yield to_text(send(emulator, "GET", f"/uploads?action=getPolicy&model={PLAIN}", key=""))


def quotas(spec: Spec) -> Iterator[str]:
    for model, body in BODIES.items():
        emulator = new_emulator(spec, settings=Settings(quotas=True, working=10))
        limit = SPEC.wire["rates"][model]
        created = [create(emulator, body) for _ in range(limit["submit_per_second"] + 1)]
        yield from map(to_text, created)
        tasks = [
            json.loads(response.body)["output"]["task_id"] for response in created if response.status == 200
        ]
        advance(emulator, 1)
        tasks.append(submit(emulator, body))
        yield from (to_text(query_task(emulator, task)) for task in tasks)
    for path, rate in (
        ("/tasks/1", "query"),
        ("/tasks/", "list"),
        (f"/uploads?action=getPolicy&model={PLAIN}", "policy"),
    ):
        emulator = new_emulator(spec, settings=Settings(quotas=True))
        yield from (to_text(send(emulator, "GET", path)) for _ in range(SPEC.wire["account_rates"][rate] + 1))
    emulator = new_emulator(spec, settings=Settings(quotas=True))
    for _ in range(SPEC.wire["account_rates"]["cancel"] + 1):
        yield to_text(send(emulator, "POST", "/tasks/1/cancel"))


def regions(spec: Spec) -> Iterator[str]:
    for region in SPEC.wire["regions"]:
        emulator = new_emulator(spec, settings=Settings(region=region))
        for model, calls in SPEC.wire["endpoints"].items():
            for call in calls:
                body = INTERLEAVED if call == "stream" else BODIES[model]
                answer = create(emulator, body, call)
                yield to_text(answer if answer.status != 200 else answer._replace(headers=(), parts=()))
        yield to_text(send(emulator, "GET", "/tasks/"))


def raw(spec: Spec) -> Iterator[str]:
    """A key in other letters, and the storage's own paths."""
    headers = {"authorization": KEY["authorization"].lower(), "content-type": "application/json"}
    target = f"{SPEC.wire['base_path']}/tasks/1"
    yield to_text(new_emulator(spec).handle(Request("GET", target, headers, b"", ORIGIN)))
