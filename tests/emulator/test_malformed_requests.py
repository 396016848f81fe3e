"""Malformed requests get an answer that is not an internal error; other files stay unreachable."""

import json
from random import Random
from threading import Thread
from typing import Any

from tests.emulator.api_client import (
    BASE,
    BODIES,
    INTERLEAVED,
    INTERNAL_ERROR,
    KEY,
    ORIGIN,
    PLAIN,
    SPEC,
    create,
    json_of,
    rules,
    submit,
)
from wanlib.emulator import Emulator, Request, Response

PATHS = [
    *(endpoint.split(" ")[1] for calls in SPEC.wire["endpoints"].values() for endpoint in calls.values()),
    *(
        "/tasks",
        "/tasks/",
        "/tasks/1",
        "/tasks/1/cancel",
        "/uploads",
        "/tokens",
        "/",
        "",
        "//",
        "/tasks/%2e%2e/x",
    ),
]
QUERIES = [
    "",
    "?",
    "?action=getPolicy&model=wan2.7-image",
    "?page_no=-1",
    "?%ff=%00&start_time=٣",
    "?a=b;c&&=&=",
]
JUNK: list[Any] = [
    None,
    True,
    -1,
    1e308,
    10**30,
    "",
    "\ud800",
    "x" * 6000,
    [],
    [[]],
    {},
    {"a": None},
    "oss://x",
    "data:",
]


def mutated(random: Random, value: Any) -> Any:
    """Return a body with some of its parts replaced, dropped or repeated."""
    if random.random() < 0.08:
        return random.choice(JUNK)
    if isinstance(value, dict):
        return {key: mutated(random, each) for key, each in value.items() if random.random() > 0.03}
    if isinstance(value, list):
        return [mutated(random, each) for each in value for _ in range(random.choice((1, 1, 1, 0, 2)))]
    return value


def assert_no_internal_error(answer: Response) -> None:
    assert 200 <= answer.status < 500 and INTERNAL_ERROR not in answer.body, answer.body


def test_mutated_bodies_are_answered() -> None:
    random, emulator = Random(1), Emulator()
    accepted = 0
    for _ in range(1500):
        model = random.choice([*BODIES])
        body = BODIES[model] if random.random() < 0.8 else INTERLEAVED
        parameters = {
            "n": 2,
            "seed": 1,
            "watermark": True,
            "size": "2K",
            "max_images": 2,
            "prompt_extend": True,
        }
        mutant = mutated(random, body | {"parameters": body.get("parameters", {}) | parameters})
        answer = create(emulator, mutant, random.choice(("sync", "async", "stream")))
        assert_no_internal_error(answer)
        accepted += answer.status == 200
    assert accepted > 20
    for work in emulator.jobs():
        for index in range(min(1, work.image_count())):
            assert emulator.picture(work._replace(spec=work.spec._replace(size=(64, 64))), index)


def test_random_requests_are_answered() -> None:
    random, emulator = Random(2), Emulator()
    names = [*map(str.lower, SPEC.wire["headers"]), "content-type", "x-wan-fault", "accept"]
    values = [
        "",
        "enable",
        "Bearer x",
        "application/json",
        "multipart/form-data; boundary=a",
        "é\x00",
        "x" * 5000,
    ]
    for _ in range(3000):
        prefix = random.choice((BASE, BASE, BASE, "/results", "/storage", ""))
        target = prefix + random.choice(PATHS) + random.choice(QUERIES)
        headers = {name: random.choice(values) for name in names if random.random() < 0.3}
        body = random.choice(
            (b"", b"{}", b"[]", b"--a\r\n\r\n--a--", random.randbytes(20), b'{"model":"wan2.7-image"}')
        )
        method = random.choice(("GET", "POST", "PUT", "HEAD", "", "get", "PURGE"))
        assert_no_internal_error(emulator.handle(Request(method, target, KEY | headers, body, ORIGIN)))


def test_results_cannot_lead_elsewhere() -> None:
    emulator = Emulator()
    submit(emulator, BODIES[PLAIN])
    (work,) = emulator.jobs()
    for name in (
        "..",
        "../../etc/passwd",
        f"{work.id}/../0.png",
        f"{work.id}/-1.png",
        f"{work.id}/",
        "%00",
        "é",
    ):
        assert emulator.handle(Request("GET", f"/results/{name}", {}, b"", ORIGIN)).status == 404


def test_several_threads_can_ask_at_once() -> None:
    emulator = Emulator()

    def run() -> None:
        for _ in range(100):
            submit(emulator, BODIES[PLAIN])

    threads = [Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({work.id for work in emulator.jobs()}) == 400
    assert sum(account.accepted for account in emulator.ledger()) == 400


def test_a_deep_model_name_is_refused() -> None:
    answer = create(Emulator(), ('{"model":' * 900 + "1" + "}" * 900).encode())
    assert answer.status == 404 and json_of(answer)["code"] == "ModelNotFound"


def test_a_body_too_deep_for_the_parser_is_refused() -> None:
    answer = create(Emulator(), ('{"model":' * 100_000).encode())
    assert answer.status == 400 and json_of(answer)["code"] == "InvalidParameter"


def test_a_deep_unknown_parameter_is_reported_and_ignored() -> None:
    answer = create(Emulator(), BODIES[PLAIN] | {"parameters": {"x": json.loads("[" * 500 + "]" * 500)}})
    assert answer.status == 200 and rules(answer) == {"wan2.7/unknown": "unspecified"}
