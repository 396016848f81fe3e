"""Checks of a server as a whole: what is wrong is named, with what the server answers."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner
from wan_conformance.cli.commands import app
from wan_conformance.engine.runner import Runner
from wan_conformance.engine.sources import select_units
from wan_conformance.model import Observation, Verdict
from wan_conformance.report.log import VerdictLog
from wan_conformance.report.tally import tally
from wan_conformance.report.text import unjudged_lines
from wan_conformance.selection import Selection
from wan_conformance.targets.server.remote import ServerUnreachableError, remote_server, server_checks
from wan_conformance.targets.server.server import ApiServer, emulator_server
from wan_conformance.targets.server.target import HttpTarget

from tests.conformance.servers import Answer, answered, http, refused, serving
from tests.emulator.api_client import SPEC
from wanlib.emulator import Emulator
from wanlib.emulator.transport import EmulatorTransport

NO_SYNC = {
    "code": "AccessDenied",
    "message": "current user api does not support synchronous calls.",
    "request_id": "r",
}
NO_KEY = {"code": "InvalidApiKey", "message": "No API-key provided.", "request_id": "r"}


def found(target: HttpTarget) -> dict[str, Observation]:
    return {check.name: target.perform(check) for check in server_checks(SPEC)}


def problems(answer: Answer) -> dict[str, str]:
    """The problem of each failed check."""
    return {name: result.error for name, result in found(http(answer)).items() if result.error}


def behind(change: Callable[[httpx.Request], httpx.Request | httpx.Response], base: str = "") -> HttpTarget:
    """The target on the emulator behind a gateway that changes requests, or answers them itself."""
    transport = EmulatorTransport(Emulator(SPEC))

    def send(request: httpx.Request) -> httpx.Response:
        changed = change(request)
        return transport.handle_request(changed) if isinstance(changed, httpx.Request) else changed

    return HttpTarget(SPEC, ApiServer(SPEC, send, f"http://x.test{base}", pays=True))


def test_the_emulator_passes() -> None:
    target = HttpTarget(SPEC, emulator_server(SPEC))
    assert [result.accepted for result in found(target).values()] == [True, True, True]


@pytest.mark.parametrize(
    ("answer", "name", "says"),
    [
        (lambda request: httpx.Response(200, html="<h1>Hi</h1>"), "address", "answers 200 with HTML"),
        (lambda request: httpx.Response(502, html="<h1>Hi</h1>"), "address", "answers 502 with HTML"),
        (lambda request: httpx.Response(301, headers={"location": "/"}), "address", "redirects (301)"),
        (lambda request: httpx.Response(404, text="not here"), "address", "answers 404"),
        (lambda request: refused(404, "NotFound"), "address", "the API is not at 'http://bad.test/api/v1'"),
        (lambda request: answered(200, {}), "address", "answers 200"),
        (
            lambda request: answered(403, NO_SYNC | {"code": "AccessDenied"}),
            "async_header",
            "X-DashScope-Async",
        ),
        (lambda request: answered(401, NO_KEY), "key", "the header Authorization does not arrive: 401"),
        (
            lambda request: refused(401, "InvalidApiKey"),
            "key",
            "the key is refused: 401 'InvalidApiKey' 'no', as",
        ),
        (lambda request: refused(403, "Workspace.AccessDenied"), "key", "403 'Workspace.AccessDenied'"),
    ],
)
def test_problems_of_the_server_are_reported(answer: Answer, name: str, says: str) -> None:
    ((check, text),) = problems(answer).items()
    assert check == name and says in text


def test_a_problem_of_every_response_is_reported_once() -> None:
    target = http(lambda request: httpx.Response(400, content=b"\xef\xbb\xbf{}"))
    (problem,) = target.problems()
    assert "begins with a byte order mark" in problem


def test_a_key_that_only_the_list_accepts_is_distinguished() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return answered(200, {}) if request.method == "GET" else refused(401, "InvalidApiKey")

    assert "the key is accepted for the list, not for this call" in problems(answer)["key"]


def test_a_gateway_that_drops_the_header_does_not_refuse_the_key() -> None:
    def drop(request: httpx.Request) -> httpx.Request:
        request.headers.pop("x-dashscope-async", None)
        return request

    results = found(behind(drop))
    assert results["key"].accepted and results["address"].accepted
    assert "the header X-DashScope-Async does not arrive: 403" in (results["async_header"].error or "")


@pytest.mark.parametrize("served", ["", "/api/v1/api/v1"])
def test_another_base_path_is_named(served: str) -> None:
    def mount(request: httpx.Request) -> httpx.Request | httpx.Response:
        head, _, rest = request.url.raw_path.decode().partition("/services")
        if head != served:
            return httpx.Response(404, text="nothing here")
        request.url = request.url.copy_with(raw_path=f"/api/v1/services{rest}".encode())
        return request

    text = found(behind(mount))["address"].error or ""
    assert f"the API answers at 'http://x.test{served}'" in text


def test_a_server_that_cannot_be_reached_is_named(tmp_path: Path) -> None:
    with serving(Emulator()) as address:
        for url, says in (
            (address.replace("http:", "https:"), "TLS failure: "),
            ("http://no-such-host.invalid", "no such host: "),
        ):
            with pytest.raises(ServerUnreachableError, match=says):
                remote_server(SPEC, url, None)
            result = CliRunner().invoke(
                app, ["run", "--target", "http", "--base-url", url, "--report", str(tmp_path)]
            )
            assert result.exit_code == 1 and len(result.output.splitlines()) == 1 and says in result.output


# What is not judged.


def verdicts(pattern: str, may_skip: tuple[str, ...]) -> Iterator[Verdict]:
    def no_storage(request: httpx.Request) -> httpx.Request | httpx.Response:
        return refused(404, "NotFound") if request.url.path.endswith("/uploads") else request

    sources, target = select_units(SPEC, Selection(rules=(pattern,)), ()).sources(), behind(no_storage)
    return Runner(sources, [target], SPEC.models, [], is_complete=False, may_skip=may_skip).verdicts()


def test_a_run_that_judges_less_than_requested_is_incomplete() -> None:
    log = VerdictLog({}, tuple(verdicts("task:[ul]*:wan2.7-image", ())))
    counted = tally(log)
    assert counted.result.startswith("incomplete: 1 not judged") and not counted.conforms
    (failure,) = counted.failures
    assert failure.case == "coverage:task:upload:wan2.7-image" and "no upload policy" in (
        failure.reason or ""
    )


def test_skippable_checks_are_listed() -> None:
    log = VerdictLog({}, tuple(verdicts("task:[ul]*:wan2.7-image", ("task:upload:*",))))
    assert tally(log).conforms
    (line,) = unjudged_lines(log.verdicts)
    assert line.startswith("not judged: task:upload:wan2.7-image: ") and "(--may-skip task:upload:*)" in line


def test_a_failure_is_more_than_an_incomplete_run() -> None:
    failing = tuple(verdicts("task:*:wan2.7-image", ("task:unknown:*",)))
    failed = tuple(
        Verdict(None, "x", "http", "fail", verdict.expected, verdict.observed) for verdict in failing[:1]
    )
    assert tally(VerdictLog({}, failing + failed)).result == "does not conform"


def test_globs_that_match_nothing_are_usage_errors(tmp_path: Path) -> None:
    for option in ("--rule", "--may-skip"):
        result = CliRunner().invoke(
            app, ["run", option, "task:fials:wan2.7-image", "--report", str(tmp_path)]
        )
        assert result.exit_code == 2
        assert "no rule and no check matches 'task:fials:wan2.7-image'" in result.output
        assert "'task:fails:wan2.7-image'" in result.output
