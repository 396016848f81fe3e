"""Task checks: a gateway that loses pictures or tasks does not conform."""

import json
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from wan_conformance.model import TaskCheck
from wan_conformance.targets.server.server import ApiServer, emulator_server
from wan_conformance.targets.server.target import HttpTarget
from wan_conformance.targets.server.task_checks import picture_urls, task_checks

from tests.emulator.api_client import SPEC
from wanlib.base.clock import ManualClock
from wanlib.emulator import Emulator, Settings
from wanlib.emulator.transport import EmulatorTransport

Change = Callable[[httpx.Request, httpx.Response], httpx.Response]
CHECKS = {check.id: check for check in task_checks(SPEC)}
MODELS = sorted({check.model for check in CHECKS.values()})


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


def errors(target: HttpTarget) -> dict[str, str]:
    """What each check that failed says, by the name of the check."""
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
    assert {check.name for check in CHECKS.values()} == {"succeeds", "canceled", "unknown", "fails"}


@pytest.mark.parametrize(
    ("change", "name", "says"),
    [
        (keeps_one_picture, "succeeds", "asks for 2 pictures, the task has 1"),
        (fails_queries, "succeeds", "a query was answered 500"),
        (answers_unknown_as_404, "unknown", "a query was answered 404"),
        (answers_failed_as_500, "fails", "a query was answered 500"),
        (breaks_links, "succeeds", "the link of a picture is answered 404"),
        (empties_the_list, "succeeds", "the list does not have the task"),
        (miscounts, "succeeds", "usage counts 5 pictures, the task has 2"),
        (cancels_nothing, "canceled", "the task has not ended"),
    ],
)
def test_a_gateway_with_one_fault_is_detected(change: Change, name: str, says: str) -> None:
    failures = errors(gateway(change))
    assert all(says in failures[f"{name}:{model}"] for model in MODELS)


def test_a_gateway_that_changes_nothing_passes() -> None:
    assert errors(gateway(lambda request, response: response)) == {}


def test_a_server_on_which_nothing_makes_a_task_fail_is_not_judged() -> None:
    def drop_rules(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        response.headers.pop("x-wan-rules", None)
        return response

    check = next(check for check in CHECKS.values() if check.name == "fails")
    observations = gateway(drop_rules).perform(check)
    assert observations.accepted is None and "not judged" in (observations.skipped or "")


def test_pictures_of_every_container_are_counted() -> None:
    parts = [{"image": "a"}, {"text": "b"}, {"image": "c"}]
    choices = [{"message": {"content": parts}}, {"message": {"content": [{"image": "d"}]}}]
    assert picture_urls({"choices": choices}) == ["a", "c", "d"]
    assert picture_urls({"results": [{"url": "a"}, {"code": "b"}, {"url": "c"}]}) == ["a", "c"]
    assert picture_urls(None) == []


def test_a_check_has_one_id() -> None:
    assert len(CHECKS) == len(list(task_checks(SPEC))) == 4 * len(MODELS)
    assert all(isinstance(check, TaskCheck) and check.id.startswith("task:") for check in CHECKS.values())
