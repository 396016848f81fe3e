"""The emulator: requests over loopback beside a bare handler and Prism, start, a large body."""

import json
import random
from collections import defaultdict
from time import perf_counter

from tests.bench.bodies import large, valid
from tests.bench.contest import Row, against, limit
from tests.bench.knock import answer, connect, head, pace
from tests.bench.servers import BARE, OURS, PRISM, STARLETTE, Running, prism, running

PATH = "/services/aigc/image-generation/generation"
ROUNDS, LARGE_ROUNDS = 5, 3
_CREATE, _QUERY, _START = "create over loopback", "query over loopback", "start, to the first answer"
Times = dict[str, dict[str, list[float]]]


def rows() -> list[Row]:
    """Seconds for each request, until the first answer, for a body; MiB."""
    return [*_requests(), *_large()]


def _requests() -> list[Row]:
    missing = prism()
    if missing:
        print(f"Prism: not measured ({missing})")
    found = _found([OURS, BARE] if missing else [OURS, BARE, PRISM])
    peers = [("bare ASGI, uvicorn", BARE, None), ("Prism", PRISM, 1 / 5)]
    pairs = [(what, *peer) for what in (_CREATE, _QUERY) for peer in peers] + [(_START, *peers[1])]
    return [
        against(what, title, found[what][OURS], found[what][kind], target)
        for what, title, kind, target in pairs
        if kind in found[what]
    ]


def _found(kinds: list[str]) -> Times:
    """What was measured -> server -> its figure in each round."""
    found: Times = defaultdict(lambda: defaultdict(list))
    for _ in range(ROUNDS):
        for kind in random.sample(kinds, len(kinds)):
            with running(kind) as server:
                for what, seconds in _measured(server).items():
                    found[what][kind].append(seconds)
    return found


def _measured(server: Running) -> dict[str, float]:
    """Its start, and what a create and a query of the same task take."""
    create = _create(server, json.dumps(valid()).encode())
    with connect(server.port) as line:
        line.sendall(create)
        task = json.loads(answer(line))["output"]["task_id"]
    query = head("GET", f"{server.base}/tasks/{task}")
    pace(server.port, create)  # compilers and caches warm up
    return {_START: server.started, _CREATE: pace(server.port, create), _QUERY: pace(server.port, query)}


def _large() -> list[Row]:
    """Nine pictures of 20 MB in one body, beside Starlette that reads it as JSON and does no more."""
    raw = json.dumps(large()).encode()
    times: dict[str, list[float]] = {OURS: [], STARLETTE: []}
    grown: dict[str, list[float]] = {OURS: [], STARLETTE: []}
    for _ in range(LARGE_ROUNDS):
        for kind in random.sample([*times], len(times)):
            with running(kind) as server:
                seconds, memory = _swallowed(server, raw)
                times[kind].append(seconds)
                grown[kind].append(memory)
    size = f"{len(raw) / 2**20:.0f} MiB in"
    print(f"{size}: Starlette's process grows by {max(grown[STARLETTE]):.0f} MiB")
    return [
        against(f"nine files of 20 MB, {size}", "Starlette .json()", times[OURS], times[STARLETTE], 1 / 4),
        limit("  memory above idle", max(grown[OURS]), 60, "MiB"),
    ]


def _swallowed(server: Running, raw: bytes) -> tuple[float, float]:
    """Seconds for a body, and by how many MiB the server grew above idle."""
    with connect(server.port) as line:
        line.sendall(_create(server, json.dumps(valid()).encode()))
        answer(line)
        idle, _ = server.memory
        start = perf_counter()
        line.sendall(_head(server, len(raw)))
        line.sendall(raw)
        answer(line)
        return perf_counter() - start, server.memory[1] - idle


def _create(server: Running, body: bytes) -> bytes:
    return _head(server, len(body)) + body


def _head(server: Running, length: int) -> bytes:
    return head("POST", server.base + PATH, length, x_dashscope_async="enable")
