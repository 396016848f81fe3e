"""The contents of logs, errors and reprs; and results as plain objects."""

import copy
import gc
import json
import logging
import traceback
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.client.client_fixture import KEY, World
from tests.client.response_samples import KEY as SIGNATURE
from tests.client.response_samples import TASK, choice, choices, image, refusal, reply, task
from tests.client.service import BROKEN, CREATED, DONE, MIXED, PAGE, POLICY, PRO, RUNNING
from tests.support.image_files import picture
from wanlib import errors

PNG = picture("png", size=(300, 300))
PROMPT = "A very private wish about my neighbour"
PHOTO = "https://user:hunter2@photos.example.com/street.jpg?Expires=1&Signature=c2VjcmV0"
BAD_DATA = "data:image/png;base64,iVBORw0KGgo@"
SECRETS = [KEY, "hunter2", "c2VjcmV0", SIGNATURE, "iVBOR", "c2lnbmF0dXJl", "cG9saWN5"]


def told_of(error: BaseException) -> str:
    """Everything that a log of an exception could hold."""
    plain = json.dumps(error.to_dict()) if isinstance(error, errors.WanError) else ""
    return "".join(traceback.format_exception(error)) + repr(error) + str(error) + plain


def everything(world: World, folder: Path) -> list[BaseException]:
    """A walk through all verbs and most troubles -> the errors raised."""
    raised: list[BaseException] = []
    service, wan = world.service, world.client(upload=False)

    def run(job: Any) -> None:
        try:
            world.do(job())
        except errors.WanError as error:
            raised.append(error)

    def edit(**given: Any) -> Any:
        return wan.edit(PRO, PROMPT, images=[PHOTO, PNG], n=1, **given)

    service.on("policy", PAGE, POLICY)
    service.on("upload", httpx.ReadError, reply(b""))
    service.on("download", httpx.ReadError, reply(PNG))
    service.on("list", PAGE, reply({"data": [], "total": 0}))
    service.on("cancel", refusal("UnsupportedOperation"))
    service.on("query", RUNNING, PAGE, httpx.ReadError, DONE)
    echo = refusal("InvalidParameter", f"bad url {PHOTO} with Authorization: Bearer {KEY}")
    for answer in (
        BROKEN,
        PAGE,
        echo,
        httpx.ReadTimeout,
        httpx.ConnectError,
        refusal("Throttling", status=429),
    ):
        service.on("create", answer)
        run(edit)
    service.on("create", CREATED)
    run(edit)
    run(lambda: edit(upload=True))
    run(lambda: wan.edit(PRO, PROMPT, images=[PHOTO], n=99, seed=-1))
    run(lambda: wan.edit(PRO, PROMPT, images=[BAD_DATA], n=1))
    run(lambda: wan.stream(MIXED, PROMPT, images=[PHOTO], max_images=1))
    run(lambda: wan.cancel(TASK))
    run(lambda: wan.tasks() if world.kind == "sync" else wan.task(TASK).status())
    service.on("create", reply(choices(choice(image("a")))))
    result = world.do(edit(via="sync"))
    run(lambda: result.save(folder))
    service.on("download", reply(b"<Error>", 403))
    run(lambda: result.save(folder / "again"))
    service.on("query", reply(task("FAILED", code="X", message=f"see {PHOTO} or {KEY}")))
    run(lambda: wan.task(TASK).wait())
    return raised


def test_neither_log_nor_error_shows_a_secret(
    world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The debug log of the official SDK prints whole bodies, base64 images and prompts."""
    caplog.set_level(logging.DEBUG)
    raised = everything(world, tmp_path)
    assert {"wanlib", "httpx"} <= {each.name for each in caplog.records}
    text = "\n".join(each.getMessage() for each in caplog.records)
    for secret in [*SECRETS, PROMPT, PROMPT[:20]]:
        assert secret not in text
    for error in raised:
        for secret in SECRETS:
            assert secret not in told_of(error), (type(error), secret)
    assert len(raised) >= 10


def test_the_log_has_ids_and_timings(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "wanlib")

    def slow(_: Any) -> Any:
        world.time.at += 1.25
        return CREATED

    world.service.on("create", refusal("Throttling", status=429), slow)
    world.service.on("query", RUNNING, DONE)
    world.do(world.wan.edit(PRO, PROMPT, images=[PHOTO], n=1))
    text = caplog.text
    assert f"task {TASK} of {PRO} is submitted, request req-c" in text
    assert f"task {TASK} is RUNNING" in text and f"task {TASK} is SUCCEEDED" in text
    assert "RateLimitError; again in 0." in text or "RateLimitError; again in 1." in text
    assert "/image-generation/generation: HTTP 200 in 1.250 s" in text
    assert f"GET https://dashscope.aliyuncs.com/api/v1/tasks/{TASK}: HTTP 200 in 0.000 s" in text


def test_no_object_that_a_debugger_prints_shows_a_secret(world: World) -> None:
    world.service.on("create", CREATED)
    world.service.on("query", DONE)
    wan = world.wan
    handle = world.do(wan.submit(PRO, "p", images=[PHOTO, PNG], n=1))
    result = world.do(handle.wait())
    snapshot = world.do(handle.status())
    prepared = wan.prepare(PRO, "p", images=[PHOTO, PNG], n=1)
    plain = json.dumps([result.to_dict(), prepared.to_dict()])
    core = wan._core.context
    request = core.request("query", core.deadline(5), task_id=TASK)
    objects = [
        wan,
        handle,
        result,
        snapshot,
        prepared,
        core,
        core.settings,
        request,
        *result.parts,
        handle.billed_call,
    ]
    text = plain + "".join(map(repr, objects)) + "".join(map(str, objects)) + prepared.curl()
    assert not [secret for secret in SECRETS if secret in text]
    assert SIGNATURE in result.images[0].url  # the one place, beside raw, where the link is whole
    assert "Signature" in result.raw["output"]["choices"][0]["message"]["content"][0]["image"]


def test_results_are_plain_objects(world: World) -> None:
    """`hasattr` and `copy.deepcopy` raise KeyError on responses of the official SDK."""
    world.service.on("create", CREATED)
    world.service.on("query", DONE)
    handle = world.do(world.wan.submit(PRO, "p", images=[PHOTO], n=1))
    result = world.do(handle.wait())
    snapshot = world.do(handle.status())
    for each in (result, snapshot, handle):
        assert not hasattr(each, "no_such_thing")
        twin, shallow = copy.deepcopy(each), copy.copy(each)
        assert type(twin) is type(shallow) is type(each)
        assert repr(twin) == repr(each)
    assert copy.deepcopy(result) == result
    assert copy.deepcopy(result).raw is not result.raw
    with pytest.raises(AttributeError):
        result.model = "another"


def test_errors_are_plain_objects(world: World) -> None:
    world.service.on("create", refusal("InvalidApiKey", status=401))
    with pytest.raises(errors.AuthenticationError) as caught:
        world.do(world.wan.edit(PRO, "p", images=[PHOTO], n=1))
    twin = copy.copy(caught.value)
    assert (twin.status, twin.code, str(twin)) == (401, "InvalidApiKey", str(caught.value))
    assert set(caught.value.to_dict()) == {
        "error",
        "message",
        "status",
        "code",
        "request_id",
        "task_id",
        "label",
        "kind",
        "advice",
        "retry",
        "journal_error",
    }


def test_a_client_leaves_no_connection_behind(world: World) -> None:
    """The official SDK leaves sessions open; an open one is a ResourceWarning here, which fails the test."""
    wan = world.client()
    world.service.on("query", DONE)
    world.do(wan.task(TASK).status())
    world.do(wan.close())
    world.do(wan.close())  # a second time does no harm
    del wan
    gc.collect()
