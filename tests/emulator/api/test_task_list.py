"""The list of tasks: filters, pages, names and times."""

import pytest

from tests.emulator.api_client import (
    BODIES,
    OLDER,
    PLAIN,
    SPEC,
    advance,
    create,
    json_of,
    query,
    send,
    submit,
)
from tests.support.api_facts import seconds
from tests.support.fake_clock import NEW_YEAR_2026
from wanlib.emulator import Emulator, ManualClock, Settings
from wanlib.spec.model.timestamp_format import TimestampFormat

HOUR = 3600.0
START = NEW_YEAR_2026


_QUERY = SPEC.wire["queries"]["list"]
PAGE, WITHIN = _QUERY["page_size"]["default"], seconds(_QUERY["start_time"]["within"])
PAUSE = WITHIN / 3 + 2 * HOUR
"""Three tasks this far apart: when the third is over, the first has expired."""


def tasks(emulator: Emulator, filters: str = "") -> list[str]:
    answer = send(emulator, "GET", f"/tasks/?{filters}")
    assert answer.status == 200, answer.body
    return [item["task_id"] for item in json_of(answer)["data"]]


def test_an_item_has_its_own_names_and_times_in_milliseconds() -> None:
    emulator = Emulator(clock=ManualClock(START + 0.25), settings=Settings(waiting=1, working=2))
    task = submit(emulator, BODIES[PLAIN])
    (item,) = json_of(send(emulator, "GET", "/tasks/"))["data"]
    assert item["status"] == "PENDING" and item["gmt_create"] == 1_767_225_600_250
    assert "start_time" not in item and "task_status" not in item
    advance(emulator, 3)
    (item,) = json_of(send(emulator, "GET", "/tasks/"))["data"]
    assert (item["start_time"], item["end_time"]) == (1_767_225_601_250, 1_767_225_603_250)
    assert item["request_id"] != query(emulator, task)["request_id"]
    assert item["user_api_unique_key"] == f"apikey:v1:aigc:image-generation:generation:{PLAIN}"
    assert item["region"] == "cn-beijing"


def test_the_path_is_accepted_with_and_without_a_slash() -> None:
    emulator = Emulator()
    task = submit(emulator, BODIES[PLAIN])
    assert SPEC.wire["paths"]["list"] == "GET /tasks"
    for path in ("/tasks", "/tasks/", "/tasks?page_no=1"):
        assert [item["task_id"] for item in json_of(send(emulator, "GET", path))["data"]] == [task]


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ("region=cn-beijing", 1),
        ("region=ap-southeast-1", 0),
        ("api_key_id=emulator", 1),
        ("api_key_id=another", 0),
        ("region=&api_key_id=", 1),
    ],
)
def test_the_list_is_filtered_by_key_and_region(filters: str, count: int) -> None:
    emulator = Emulator()
    submit(emulator, BODIES[PLAIN])
    assert len(tasks(emulator, filters)) == count


def test_the_newest_come_first_by_page() -> None:
    emulator = Emulator()
    ids = [submit(emulator, BODIES[PLAIN]) for _ in range(12)][::-1]
    create(emulator, BODIES[PLAIN], "sync")  # has no id to be listed by
    answer = json_of(send(emulator, "GET", "/tasks/"))
    assert (answer["total"], answer["total_page"], answer["page_no"], answer["page_size"]) == (12, 2, 1, PAGE)
    assert tasks(emulator) == ids[:PAGE] and tasks(emulator, "page_no=2") == ids[PAGE:]
    assert tasks(emulator, "page_no=2&page_size=5") == ids[5:10] and tasks(emulator, "page_no=9") == []


def test_filters_choose() -> None:
    emulator = Emulator(settings=Settings(working=60))
    one, two = submit(emulator, BODIES[PLAIN]), submit(emulator, BODIES[OLDER])
    emulator.complete_task(one, "InternalError")
    assert tasks(emulator, f"model_name={OLDER}") == [two]
    assert tasks(emulator, "status=FAILED") == [one] and tasks(emulator, "status=SUCCEEDED") == []
    assert tasks(emulator, f"task_id={two}") == [two]


def test_times_bound_a_day_at_most() -> None:
    emulator = Emulator(clock=ManualClock(START))
    stamp = TimestampFormat("YYYYMMDDhhmmss", "+08:00")
    ids = []
    for _ in range(3):
        ids.append(submit(emulator, BODIES[PLAIN]))
        advance(emulator, PAUSE)
    at = [stamp.format(START + moment) for moment in (0, HOUR, PAUSE, PAUSE + HOUR, WITHIN + HOUR)]
    assert tasks(emulator) == [ids[2], ids[1]]  # the first has expired
    assert tasks(emulator, f"start_time={at[1]}&end_time={at[2]}") == [ids[1]]
    assert tasks(emulator, f"start_time={at[3]}") == [ids[2]]
    assert tasks(emulator, f"end_time={at[3]}") == [ids[1]]
    # This end is in the future: the day before it has only the last task.
    later = stamp.format(START + 2 * PAUSE + WITHIN - 4 * HOUR)
    assert tasks(emulator, f"end_time={later}") == [ids[2]]
    early = stamp.format(START + PAUSE + 9 * HOUR - WITHIN)
    assert tasks(emulator, f"start_time={early}") == [ids[1]]
    for wrong in (f"start_time={at[0]}&end_time={at[4]}", f"start_time={at[2]}&end_time={at[1]}"):
        assert send(emulator, "GET", f"/tasks/?{wrong}").status == 400


@pytest.mark.parametrize(
    "filters", ["start_time=yesterday", "status=LOST", "page_no=0", "page_size=x", "page_no=" + "9" * 5000]
)
def test_malformed_filters_are_rejected(filters: str) -> None:
    answer = send(Emulator(), "GET", f"/tasks/?{filters}")
    assert (
        json_of(answer)["code"] == "InvalidParameter"
        and filters.partition("=")[0] in json_of(answer)["message"]
    )
