"""The emulator against a bare ASGI handler and Prism: requests over loopback, start, a large body."""

import json
import random
from collections import defaultdict
from time import perf_counter

from tests.bench.bodies import clean_body, large_body
from tests.bench.comparison import Comparison, compare, compare_with_limit
from tests.bench.raw_http import connect, read_body, request_head, seconds_per_request
from tests.bench.servers import BARE, OURS, PRISM, STARLETTE, RunningServer, run_server, why_no_prism

PATH = "/services/aigc/image-generation/generation"
ROUNDS, LARGE_ROUNDS = 5, 3
_CREATE, _QUERY, _START = "create over loopback", "query over loopback", "start, to the first answer"
Times = dict[str, dict[str, list[float]]]


def rows() -> list[Comparison]:
    """Return seconds per request, until the first response, and for a large body; memory in MiB."""
    return [*_requests(), *_large_body()]


def _requests() -> list[Comparison]:
    missing = why_no_prism()
    if missing:
        print(f"Prism: not measured ({missing})")
    figures = _measure_rounds([OURS, BARE] if missing else [OURS, BARE, PRISM])
    peers = [("bare ASGI, uvicorn", BARE, None), ("Prism", PRISM, 1.0)]
    pairs = [(what, *peer) for what in (_CREATE, _QUERY) for peer in peers] + [(_START, *peers[1])]
    return [
        compare(what, title, figures[what][OURS], figures[what][kind], target)
        for what, title, kind, target in pairs
        if kind in figures[what]
    ]


def _measure_rounds(kinds: list[str]) -> Times:
    """Return the figures of all rounds, by what was measured and by server."""
    figures: Times = defaultdict(lambda: defaultdict(list))
    for _ in range(ROUNDS):
        for kind in random.sample(kinds, len(kinds)):
            with run_server(kind) as server:
                for what, seconds in _measure(server).items():
                    figures[what][kind].append(seconds)
    return figures


def _measure(server: RunningServer) -> dict[str, float]:
    """Return the seconds of a start, and of a create and a query of the same task."""
    create = _create(server, json.dumps(clean_body()).encode())
    with connect(server.port) as line:
        line.sendall(create)
        task = json.loads(read_body(line))["output"]["task_id"]
    query = request_head("GET", f"{server.base}/tasks/{task}")
    seconds_per_request(server.port, create)  # warm up
    return {
        _START: server.start_seconds,
        _CREATE: seconds_per_request(server.port, create),
        _QUERY: seconds_per_request(server.port, query),
    }


def _large_body() -> list[Comparison]:
    """Nine images of 20 MB in one body, against Starlette, which only parses the JSON."""
    raw = json.dumps(large_body()).encode()
    times: dict[str, list[float]] = {OURS: [], STARLETTE: []}
    grown: dict[str, list[float]] = {OURS: [], STARLETTE: []}
    for _ in range(LARGE_ROUNDS):
        for kind in random.sample([*times], len(times)):
            with run_server(kind) as server:
                seconds, memory = _post_large_body(server, raw)
                times[kind].append(seconds)
                grown[kind].append(memory)
    size = f"{len(raw) / 2**20:.0f} MiB in"
    print(f"{size}: Starlette's process grows by {max(grown[STARLETTE]):.0f} MiB")
    return [
        compare(f"nine files of 20 MB, {size}", "Starlette .json()", times[OURS], times[STARLETTE], None),
        compare_with_limit("  memory above idle", max(grown[OURS]), 4 * len(raw) / 2**20, "MiB"),
    ]


def _post_large_body(server: RunningServer, raw: bytes) -> tuple[float, float]:
    """Return the seconds of a large request, and the MiB by which the server grew."""
    with connect(server.port) as line:
        line.sendall(_create(server, json.dumps(clean_body()).encode()))
        read_body(line)
        idle, _ = server.memory
        start = perf_counter()
        line.sendall(_head(server, len(raw)))
        line.sendall(raw)
        read_body(line)
        return perf_counter() - start, server.memory[1] - idle


def _create(server: RunningServer, body: bytes) -> bytes:
    return _head(server, len(body)) + body


def _head(server: RunningServer, length: int) -> bytes:
    return request_head("POST", server.base + PATH, length, x_dashscope_async="enable")
