"""Task checks: a gateway that loses pictures or tasks does not conform."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from wan_conformance.model import Observation, TaskCheck
from wan_conformance.targets.server.server import ApiServer, emulator_server
from wan_conformance.targets.server.target import HttpTarget
from wan_conformance.targets.server.task_checks import picture_urls, task_checks

from tests.emulator.api_client import SPEC
from wanlib.base.clock import ManualClock
from wanlib.emulator import Emulator, Settings
from wanlib.emulator.transport import EmulatorTransport
from wanlib.spec import load

Change = Callable[[httpx.Request, httpx.Response], httpx.Response]
CHECKS = {check.id: check for check in task_checks(SPEC)}
MODELS = sorted({check.model for check in CHECKS.values()})
NAMES = {
    "ends",
    "pictures",
    "size",
    "links",
    "list",
    "synchronous",
    "canceled",
    "unknown",
    "fails",
    "upload",
}


def gateway(change: Change) -> HttpTarget:
    """The server target on an emulator behind a gateway that changes answers."""
    clock = ManualClock()
    emulator = Emulator(SPEC, settings=Settings(waiting=1, local_images=False), clock=clock)
    transport = EmulatorTransport(emulator)

    def send(request: httpx.Request) -> httpx.Response:
        response = transport.handle_request(request)
        response.read()
        response.request = request
        return change(request, response)

    server = ApiServer(SPEC, send, "http://emulator.invalid", pays=False, sleep=clock.sleep)
    return HttpTarget(SPEC, server)


def is_query(request: httpx.Request) -> bool:
    return request.method == "GET" and re.search(r"/tasks/[^/?]+$", request.url.path) is not None


def body_of(response: httpx.Response) -> Any:
    return json.loads(response.content) if "json" in response.headers.get("content-type", "") else None


def status_of(response: httpx.Response) -> str:
    body = body_of(response)
    return str(body.get("output", {}).get("task_status", "")) if isinstance(body, dict) else ""


def with_body(response: httpx.Response, body: Any) -> httpx.Response:
    return httpx.Response(response.status_code, json=body)


def keeps_one_picture(request: httpx.Request, response: httpx.Response) -> httpx.Response:
    body = body_of(response)
    if not is_query(request) or status_of(response) != "SUCCEEDED":
        return response
    output = body["output"]
    for choice in output.get("choices", []):
        del choice["message"]["content"][1:]
    for container in ("choices", "results"):
        output[container] = output[container][:1] if container in output else []
        if not output[container]:
            del output[container]
    body.get("usage", {})["image_count"] = 1
    return with_body(response, body)


def fails_queries(request: httpx.Request, response: httpx.Response) -> httpx.Response:
    error = {"code": "InternalError", "message": "broken", "request_id": "r-1"}
    return httpx.Response(500, json=error) if is_query(request) else response


def answers_unknown_as_404(request: httpx.Request, response: httpx.Response) -> httpx.Response:
    error = {"code": "NotFound", "message": "no such task", "request_id": "r-1"}
    return httpx.Response(404, json=error) if status_of(response) == "UNKNOWN" else response


def answers_failed_as_500(request: httpx.Request, response: httpx.Response) -> httpx.Response:
    error = {"code": "InternalError", "message": "failed", "request_id": "r-1"}
    return httpx.Response(500, json=error) if status_of(response) == "FAILED" else response


def breaks_links(request: httpx.Request, response: httpx.Response) -> httpx.Response:
    return httpx.Response(404) if "image/png" in response.headers.get("content-type", "") else response


def truncates_pictures(request: httpx.Request, response: httpx.Response) -> httpx.Response:
    is_picture = "image/png" in response.headers.get("content-type", "")
    return httpx.Response(200, content=response.content[:-200]) if is_picture else response


def empties_the_list(request: httpx.Request, response: httpx.Response) -> httpx.Response:
    body = body_of(response)
    if request.method == "GET" and isinstance(body, dict) and "data" in body and "total" in body:
        return with_body(response, body | {"data": []})
    return response


def miscounts(request: httpx.Request, response: httpx.Response) -> httpx.Response:
    body = body_of(response)
    if is_query(request) and status_of(response) == "SUCCEEDED":
        return with_body(response, body | {"usage": {**body.get("usage", {}), "image_count": 5}})
    return response


def cancels_nothing(request: httpx.Request, response: httpx.Response) -> httpx.Response:
    """Accepts every cancel and passes none on."""
    if status_of(response) == "CANCELED":
        body = body_of(response)
        body["output"]["task_status"] = "RUNNING"
        return with_body(response, body)
    return response


def drops_usage(request: httpx.Request, response: httpx.Response) -> httpx.Response:
    body = body_of(response)
    if is_query(request) and status_of(response) == "SUCCEEDED":
        return with_body(response, {name: value for name, value in body.items() if name != "usage"})
    return response


def goes_back(request: httpx.Request, response: httpx.Response) -> httpx.Response:
    """Answers every second query about a task that succeeded with an earlier state."""
    if is_query(request) and status_of(response) == "SUCCEEDED":
        task = request.url.path.rpartition("/")[2]
        SEEN.symmetric_difference_update({task})
        if task not in SEEN:
            output = {"task_id": task, "task_status": "RUNNING"}
            return with_body(response, {"request_id": "r-1", "output": output})
    return response


def repeats_a_link(request: httpx.Request, response: httpx.Response) -> httpx.Response:
    urls = picture_urls((body_of(response) or {}).get("output"))
    if not is_query(request) or len(urls) < 2:
        return response
    return httpx.Response(200, text=response.text.replace(urls[1], urls[0]))


def answers_another_task(request: httpx.Request, response: httpx.Response) -> httpx.Response:
    body = body_of(response)
    if is_query(request):
        body["output"]["task_id"] = "0385dc79-5ff8-4d82-bcb6-7c8f2c1d3e4f"
        return with_body(response, body)
    return response


def refuses_uploads(request: httpx.Request, response: httpx.Response) -> httpx.Response:
    is_upload = "multipart" in request.headers.get("content-type", "")
    return httpx.Response(403) if is_upload else response


SEEN: set[str] = set()
ALSO: dict[Change, tuple[str, ...]] = {
    fails_queries: ("canceled", "unknown", "fails", "upload"),
    answers_another_task: ("canceled", "unknown", "fails", "upload"),
    goes_back: ("upload",),
    breaks_links: ("size", "synchronous"),
    truncates_pictures: ("size", "synchronous"),
}
"""Other checks that see the same fault."""


def errors(target: HttpTarget) -> dict[str, str]:
    """The message of each failed check, by the name of the check."""
    observations = {check: target.perform(check) for check in CHECKS.values()}
    return {
        f"{check.name}:{check.model}": result.error for check, result in observations.items() if result.error
    }


def test_every_check_passes_on_the_emulator() -> None:
    target = HttpTarget(SPEC, emulator_server(SPEC))
    observations = {check.id: target.perform(check) for check in CHECKS.values()}
    assert {
        name: observation.error or observation.skipped
        for name, observation in observations.items()
        if not observation.accepted
    } == {}
    assert {check.name for check in CHECKS.values()} == NAMES


@pytest.mark.parametrize(
    ("change", "name", "says"),
    [
        (keeps_one_picture, "pictures", "asks for 2 pictures, the task has 1"),
        (fails_queries, "ends", "a query was answered 500 'InternalError' 'broken', 3 times in a row"),
        (answers_unknown_as_404, "unknown", "a query was answered 404 'NotFound' 'no such task'"),
        (answers_failed_as_500, "fails", "a query was answered 500 'InternalError' 'failed'"),
        (breaks_links, "links", "the link of a picture is answered 404"),
        (truncates_pictures, "links", "the link of a picture returns a damaged image file"),
        (empties_the_list, "list", "the list does not have the task"),
        (miscounts, "pictures", "usage counts 5 pictures, the task has 2"),
        (drops_usage, "pictures", "usage does not state image_count"),
        (cancels_nothing, "canceled", "the task is RUNNING after 300 s of queries"),
        (goes_back, "ends", "the task was SUCCEEDED and is RUNNING now"),
        (repeats_a_link, "links", "two pictures have the same link"),
        (answers_another_task, "ends", "was answered for"),
        (refuses_uploads, "upload", "the upload of an image is answered 403"),
    ],
)
def test_a_gateway_with_one_fault_is_detected(change: Change, name: str, says: str) -> None:
    failures = errors(gateway(change))
    assert all(says in failures[f"{name}:{model}"] for model in MODELS)
    assert {failure.partition(":")[0] for failure in failures} <= {name, *ALSO.get(change, ())}


def test_a_gateway_that_changes_nothing_passes() -> None:
    assert errors(gateway(lambda request, response: response)) == {}


def check_on(name: str, change: Change) -> Observation:
    check = next(check for check in CHECKS.values() if check.name == name)
    return gateway(change).perform(check)


def test_a_check_without_evidence_is_not_judged() -> None:
    def without_storage(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        error = {"code": "NotFound", "message": "no such path", "request_id": "r-1"}
        return httpx.Response(404, json=error) if request.url.path.endswith("/uploads") else response

    def ends_before_it_is_canceled(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        error = {"code": "UnsupportedOperation", "message": "too late", "request_id": "r-1"}
        if request.url.path.endswith("/cancel"):
            return httpx.Response(400, json=error)
        return response if status_of(response) != "PENDING" or not is_query(request) else running(request)

    def running(request: httpx.Request) -> httpx.Response:
        output = {"task_id": request.url.path.rpartition("/")[2], "task_status": "RUNNING"}
        return httpx.Response(200, json={"request_id": "r-1", "output": output})

    for name, change, reason in (
        ("upload", without_storage, "gives no upload policy (404 'NotFound' 'no such path')"),
        ("canceled", ends_before_it_is_canceled, "does not wait long enough"),
        ("pictures", fails_queries, "a query was answered 500"),
    ):
        observation = check_on(name, change)
        assert observation.accepted is None
        assert reason in (observation.skipped or observation.error or "")


def test_without_the_emulators_header_a_task_fails_by_its_image() -> None:
    """A server that ignores the header: the image cannot be read, and the create call gets no reason."""

    def service(image: str) -> Callable[[httpx.Request], httpx.Response]:
        emulator = Emulator(SPEC, clock=ManualClock())
        transport = EmulatorTransport(emulator)

        def send(request: httpx.Request) -> httpx.Response:
            request.headers.pop("x-wan-fault", None)
            if b".invalid/" in request.content:
                request.headers["x-wan-fault"] = image
            response = transport.handle_request(request)
            response.read()
            return response

        return send

    check = next(check for check in CHECKS.values() if check.name == "fails")
    results = {}
    for image in ("download where=after", "download where=before", "soon"):
        server = ApiServer(SPEC, service(image), "http://x.invalid", pays=False, sleep=lambda seconds: None)
        results[image] = HttpTarget(SPEC, server).perform(check)
    failed, refused, succeeded = results.values()
    assert failed.accepted is True
    assert "an image that cannot be loaded is refused (400 'InvalidParameter" in (refused.skipped or "")
    assert "nothing makes a task fail here" in (succeeded.skipped or "")


def test_pictures_of_every_container_are_counted() -> None:
    parts = [{"image": "a"}, {"text": "b"}, {"image": "c"}]
    choices = [{"message": {"content": parts}}, {"message": {"content": [{"image": "d"}]}}]
    assert picture_urls({"choices": choices}) == ["a", "c", "d"]
    assert picture_urls({"results": [{"url": "a"}, {"code": "b"}, {"url": "c"}]}) == ["a", "c"]
    assert picture_urls(None) == []


def test_a_check_has_one_id() -> None:
    assert len(CHECKS) == len(list(task_checks(SPEC)))
    assert all(isinstance(check, TaskCheck) and check.id.startswith("task:") for check in CHECKS.values())


def test_a_model_without_uploaded_images_has_no_check_of_uploads() -> None:
    spec = load(Path(__file__).parents[2] / "examples" / "wan2.6-t2i")
    model = "wan2.6-t2i"
    names = {check.name for check in task_checks(spec) if check.model == model}
    assert "ends" in names and "upload" not in names
