"""The control API: the state, the clock, completing tasks, and refused origins."""

import io
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.emulator.api_client import BASE, BODIES, PLAIN, PRO, status
from tests.emulator.raw_http import HEADERS, create, exchange, request
from tests.support.api_facts import KEPT_FOR, LINKS_LIVE, default_of, square_of
from wanlib.emulator import Emulator, ManualClock, RealClock, Settings
from wanlib.emulator.admin.api import PAGE_FOLDER
from wanlib.emulator.admin.origin_guard import ADMIN_HEADER, parse_authority, reject_foreign_origin
from wanlib.emulator.server.app import PAGE, PAGE_FILES
from wanlib.emulator.server.serve import run_in_thread

STEER = {ADMIN_HEADER: "1"}


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    emulator = Emulator(clock=ManualClock(), settings=Settings(waiting=10.0, working=20.0))
    yield emulator
    emulator.close()


@pytest.fixture(scope="module")
def url(emulator: Emulator) -> Iterator[str]:
    with run_in_thread(emulator) as address:
        yield address


@pytest.fixture(scope="module")
def http(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, trust_env=False) as client:
        yield client


def submitted(url: str, model: str = PLAIN) -> str:
    return str(exchange(url, create(BODIES[model])).json()["output"]["task_id"])


WIDTH, _ = square_of("wan2.7/size.keywords", default_of("wan2.7/size"))


def task_state(http: httpx.Client, task: str) -> dict[str, Any]:
    tasks: list[dict[str, Any]] = http.get("/_/state").json()["tasks"]
    return next(each for each in tasks if each["id"] == task)


def test_the_state_has_everything_that_the_page_shows(
    http: httpx.Client, url: str, emulator: Emulator
) -> None:
    task = submitted(url, PRO)
    exchange(url, create(BODIES[PLAIN] | {"parameters": {"n": 99, "seed": -1}}, x_wan_fault="trickle pace=0"))
    state = http.get("/_/state").json()
    assert state["clock"] == {"now": emulator.clock.wall(), "manual": True}
    assert task_state(http, task) == {
        "id": task,
        "model": PRO,
        "call": "async",
        "task": True,
        "status": "PENDING",
        "over": False,
        "prompt": "a cat",
        "inputs": ["image 1: https://example.com/cat.png"],
        "width": WIDTH,
        "height": WIDTH,
        "asked": 2,
        "pictures": 0,
        "code": "",
        "message": "",
        "submitted": emulator.clock.wall(),
        "scheduled": emulator.clock.wall() + 10,
        "ended": None,
        "links_die": None,
        "expires": emulator.clock.wall() + KEPT_FOR,
        "endpoint": "/services/aigc/image-generation/generation",
        "rules": [],
    }
    seen = state["requests"][0]
    assert seen["method"] == "POST" and seen["status"] == 400 and seen["fault"] == "trickle"
    assert {"rule": "wan2.7/n.max", "outcome": "rejected"} in seen["rules"]
    assert state["currency"] == "CNY" and state["ledger"][0]["model"] == PRO
    assert state["spooled"].keys() == {"memory", "file"} and state["count"] >= 1


def test_time_is_advanced_and_tasks_end(http: httpx.Client, url: str, emulator: Emulator) -> None:
    task, now = submitted(url), emulator.clock.wall()
    assert http.post("/_/clock", json={"seconds": 60}, headers=STEER).json() == {"now": now + 60}
    after = task_state(http, task)
    assert (after["status"], after["over"], after["pictures"]) == ("SUCCEEDED", True, 2)
    assert after["links_die"] == after["ended"] + LINKS_LIVE


@pytest.mark.parametrize("seconds", [-1, "60", None, True, 1e12, [], {}])
def test_an_invalid_step_is_refused(http: httpx.Client, emulator: Emulator, seconds: Any) -> None:
    now = emulator.clock.wall()
    answer = http.post("/_/clock", json={"seconds": seconds}, headers=STEER)
    assert answer.status_code == 400 and "seconds" in answer.json()["error"] and emulator.clock.wall() == now


def test_tasks_are_completed_and_failed_with_buttons(
    http: httpx.Client, url: str, emulator: Emulator
) -> None:
    well, badly, coded = submitted(url), submitted(url), submitted(url)
    assert http.post(f"/_/tasks/{well}/finish", headers=STEER).json() == {"ended": True}
    assert http.post(f"/_/tasks/{badly}/fail", headers=STEER).json() == {"ended": True}
    code = {"code": "DataInspectionFailed"}
    assert http.post(f"/_/tasks/{coded}/fail", json=code, headers=STEER).status_code == 200
    assert [status(emulator, task) for task in (well, badly, coded)] == ["SUCCEEDED", "FAILED", "FAILED"]
    assert (
        task_state(http, badly)["code"] == "InternalError.Timeout"
        and task_state(http, coded)["code"] == code["code"]
    )
    assert http.post(f"/_/tasks/{well}/finish", headers=STEER).status_code == 409
    assert http.post("/_/tasks/none/finish", headers=STEER).status_code == 409
    for body in ({"code": 5}, {"code": ""}, {"code": "Oops", "message": 5}):
        assert http.post(f"/_/tasks/{well}/fail", json=body, headers=STEER).status_code == 400
    own = submitted(url)
    failure = {"code": "Oops", "message": "It slipped."}
    assert http.post(f"/_/tasks/{own}/fail", json=failure, headers=STEER).status_code == 200
    assert {name: task_state(http, own)[name] for name in failure} == failure
    assert http.post(f"/_/tasks/{well}/fail", content=b"[1]", headers=STEER).status_code == 400
    assert http.post(f"/_/tasks/{well}/fail", content=b"{", headers=STEER).status_code == 400
    assert http.post(f"/_/tasks/{well}/fail", content=b" " * 5000, headers=STEER).status_code == 413


def test_pictures_are_served_in_full_and_reduced_size(http: httpx.Client, url: str) -> None:
    task = submitted(url)
    path = f"/_/tasks/{task}/pictures"
    for query, side in (("", WIDTH), ("?width=160", 160), ("?width=99999999", 1024), ("?width=x", WIDTH)):
        answer = http.get(f"{path}/1.png{query}")
        assert answer.headers["content-type"] == "image/png"
        assert Image.open(io.BytesIO(answer.content)).width == side
    for absent in (f"{path}/2.png", f"{path}/x.png", "/_/tasks/none/pictures/0.png"):
        assert http.get(absent).status_code == 404


def test_a_real_clock_is_not_advanced() -> None:
    with run_in_thread(Emulator(clock=RealClock())) as url:
        answer = httpx.post(url + "/_/clock", json={"seconds": 60}, headers=STEER, trust_env=False)
        assert answer.status_code == 409 and "--clock manual" in answer.json()["error"]


def test_every_answer_is_one_that_a_browser_treats_with_care(http: httpx.Client) -> None:
    for path in ("/_/state", "/", "/page/page.js", "/_/nowhere"):
        headers = http.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff" and headers["cache-control"] == "no-store"


def test_the_page_is_served_where_there_is_one(http: httpx.Client) -> None:
    for file in PAGE_FOLDER.glob("*.*"):
        answer = http.get(PAGE_FILES + file.name)
        assert answer.content == file.read_bytes() and answer.headers["content-type"]
    assert http.get(PAGE).content == (PAGE_FOLDER / "index.html").read_bytes()
    for name in ("control.py", "%2e%2e%2fcontrol.py", "", "x" * 999 + ".js", "%00.js", "absent.js"):
        assert http.get(PAGE_FILES + name).status_code == 404


def test_a_task_names_the_rules_that_its_request_broke(http: httpx.Client, url: str) -> None:
    body = BODIES[PLAIN] | {"parameters": {"n": 1, "colour": "red"}}
    task = exchange(url, create(body)).json()["output"]["task_id"]
    (broken,) = task_state(http, task)["rules"]
    assert broken["outcome"] == "unspecified" and broken["rule"].endswith("unknown")
    numbers = [seen["number"] for seen in http.get("/_/state").json()["requests"]]
    assert numbers == sorted(numbers, reverse=True) and len({*numbers}) == len(numbers)


FOREIGN: list[dict[str, str]] = [
    {"host": "evil.example"},
    {"host": "127.0.0.1.evil.example"},
    {"host": "localhost@evil.example"},
    {"host": "evil@localhost"},
    {"host": "0.0.0.0"},
    {"host": "2130706433"},
    {"host": "localhost."},
    {"host": "localhost:"},
    {"host": "localhost:99999"},
    {"host": "localhost/evil.example"},
    {"host": "localhost?evil.example"},
    {"host": "local\thost"},
    {"host": "localhost, evil.example"},
    {"host": "[::1"},
    {"host": "[::1]evil.example"},
    {"host": "evil.example[::1]"},
    {"host": "[localhost]"},
    {"host": "::1"},
    {"host": ""},
    {"host": "localhost\r\nhost: evil.example"},
    {"host": "evil.example\r\nhost: localhost"},
    {"host": "localhost", "origin": "http://evil.example"},
    {"host": "localhost", "origin": "null"},
    {"host": "localhost", "origin": ""},
    {"host": "localhost", "origin": "localhost"},
    {"host": "localhost", "origin": "https://localhost"},
    {"host": "localhost", "origin": "file://localhost"},
    {"host": "localhost", "origin": "file://"},
    {"host": "localhost", "origin": "http://evil@localhost"},
    {"host": "localhost", "origin": "http://localhost/"},
    {"host": "localhost", "origin": "http://evil.example\r\norigin: http://localhost"},
    {"host": "localhost", "origin": "http://localhost\r\norigin: http://evil.example"},
    {"host": "localhost:1", "origin": "http://localhost:2"},
    {"host": "localhost", "sec-fetch-site": "cross-site"},
    {"host": "localhost", "sec-fetch-site": "same-site"},
    {"host": "localhost", "sec-fetch-site": "cross-site\r\nsec-fetch-site: none"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=map(repr, FOREIGN))
def test_a_request_of_another_site_is_refused(url: str, emulator: Emulator, headers: dict[str, str]) -> None:
    now = emulator.clock.wall()
    body = json.dumps({"seconds": 60}).encode()
    fields = {name.replace("-", "_"): value for name, value in (headers | STEER).items()}
    for raw in (request("GET", "/_/state", **fields), request("POST", "/_/clock", body, **fields)):
        answer = exchange(url, raw)
        assert answer.status == 403 and answer.json().keys() == {"error"}
    assert emulator.clock.wall() == now


@pytest.mark.parametrize("target", ["http://evil.example/_/clock", "HTTP://evil.example:1/_/clock"])
def test_the_host_of_an_absolute_target_replaces_the_host_header(
    url: str, emulator: Emulator, target: str
) -> None:
    now, body = emulator.clock.wall(), json.dumps({"seconds": 60}).encode()
    assert exchange(url, request("POST", target, body, **{"x_wan_control": "1"})).status == 403
    assert emulator.clock.wall() == now
    own = target.replace("evil.example", "localhost")
    answer = exchange(url, request("POST", own, body, x_wan_control="1", host="evil.example"))
    assert answer.status == 200 and emulator.clock.wall() == now + 60


def test_a_request_without_a_host_is_refused(url: str) -> None:
    assert exchange(url, b"GET /_/state HTTP/1.0\r\n\r\n").status == 403


def test_a_change_needs_the_header_or_the_own_origin(http: httpx.Client, url: str) -> None:
    step = {"seconds": 1}
    assert http.post("/_/clock", json=step).status_code == 403
    assert http.post("/_/clock", json=step, headers={"origin": url}).status_code == 200
    assert http.post("/_/clock", json=step, headers={"origin": url.upper()}).status_code == 200
    own = {"host": "localhost:80", "origin": "http://localhost"}  # browsers leave out the default port
    assert http.post("/_/clock", json=step, headers=own).status_code == 200
    assert http.post(
        "/_/clock", json=step, headers={"origin": url, "sec-fetch-site": "same-origin"}
    ).is_success
    assert http.get("/_/clock").status_code == 405


def test_another_host_lets_addresses_in_but_no_names() -> None:
    for host, hosts, fine in (
        ("192.168.1.5:8686", None, True),
        ("[fe80::1]:8686", None, True),
        ("evil.example", None, False),
        ("192.168.1.5:8686", {"192.168.1.5"}, True),
        ("192.168.1.6:8686", {"192.168.1.5"}, False),
        ("LOCALHOST:1", (), True),
    ):
        reason = reject_foreign_origin("GET", "http", [("host", host)], hosts, page=False)
        assert (reason == "") is fine, host


def test_an_authority_is_a_host_and_a_port() -> None:
    assert parse_authority("LocalHost:8686") == ("localhost", 8686)
    assert parse_authority("[::1]") == ("::1", None)


def test_a_link_may_lead_to_the_page(url: str) -> None:
    for path, expected in (("/", {200, 404}), ("/_/state", {403})):
        answer = exchange(url, request("GET", path, sec_fetch_site="cross-site", host="localhost"))
        assert answer.status in expected


def test_the_api_is_not_part_of_it(url: str) -> None:
    assert exchange(url, request("GET", BASE + "/tasks/", host="emulator.test")).status == 200
    assert HEADERS["host"] == "localhost"
