"""The access log: one line per request, which no text of a request can forge."""

from tests.emulator.api_client import BASE, BODIES, PLAIN
from tests.emulator.raw_http import create, exchange, request
from wanlib.emulator import Emulator, RealClock
from wanlib.emulator.server.serve import run_in_thread

LINE_BREAKS = ["\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"]


def lines_of(*requests: bytes) -> list[list[str]]:
    """The fields of each line without its time."""
    lines: list[str] = []
    with run_in_thread(Emulator(clock=RealClock()), access_log=lines.append) as url:
        for raw in requests:
            exchange(url, raw)
    return [line.split(" ")[1:] for line in lines]


def test_a_line_has_status_task_rules_and_fault() -> None:
    accepted, refused = lines_of(
        create(BODIES[PLAIN]),
        create(BODIES[PLAIN] | {"parameters": {"n": 9, "seed": -1}}, x_wan_fault="trickle pace=0"),
    )
    assert accepted[0] == "POST" and accepted[2] == "200" and accepted[3].startswith("task=")
    assert refused[2] == "400" and "wan2.7/n.max;rejected," in refused and refused[-1] == "fault=trickle"


def test_no_character_of_a_path_or_a_task_id_begins_a_field_or_a_line() -> None:
    paths = []
    for char in (" ", *LINE_BREAKS, "\x1b", "\u202e"):
        encoded = "".join(f"%{byte:02x}" for byte in char.encode())
        forged = f"a{encoded}200{encoded}task=b"
        paths += [f"/nowhere/{forged}", f"{BASE}/tasks/{forged}"]
    lines = lines_of(*(request("GET", path) for path in paths))
    for path, (method, shown, status, *rest) in zip(paths, lines, strict=True):
        assert (method, status) == ("GET", "404" if "nowhere" in path else "200")
        assert all(field.isprintable() for field in (shown, *rest)), path
        assert len(rest) <= 1 and all(field.startswith("task=a") for field in rest), path
