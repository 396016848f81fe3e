"""Tasks whose end the service states wrongly: their pictures are saved, and continued after a crash."""

from pathlib import Path
from typing import Any

import pytest

from tests.client.client_fixture import World
from tests.client.response_samples import API, START, TASK, choices, image, reply, task
from tests.client.results.picture_store import PNG
from tests.client.service import CREATED, PHOTO, PRO

HOUR = 3600.0
ODD_ENDS = {
    "1970": "1970-01-01 08:00:00.000",
    "another zone, before": "2026-05-04 00:00:30.000",
    "another zone, after": "2026-05-04 16:00:30.000",
    "25 hours before": "2026-05-03 07:00:30.000",
    "25 hours after": "2026-05-05 09:00:30.000",
    "no time": "soon",
    "none": None,
}


def answer_done(world: World, end_time: str | None) -> None:
    parts = choices({"message": {"content": [image("one")]}})["output"]
    world.service.on("create", CREATED)
    world.service.on(
        "query", reply(task("SUCCEEDED", **parts, **({"end_time": end_time} if end_time else {})))
    )
    world.service.on("download", reply(PNG["a"]))


@pytest.mark.parametrize("end_time", ODD_ENDS.values(), ids=ODD_ENDS)
def test_an_impossible_end_loses_no_picture(world: World, tmp_path: Path, end_time: str | None) -> None:
    answer_done(world, end_time)
    journal = tmp_path / "calls.sqlite"
    first: Any = world.client(journal=journal)
    made = world.do(first.edit(PRO, "Make it dusk", images=[PHOTO], n=1))
    assert made.ended_at == pytest.approx(START, abs=60)
    assert made.links_expire_at == made.ended_at + API.life.links_expire_after
    assert world.do(made.save(tmp_path / "a", stem="x"))[0].read_bytes() == PNG["a"]
    world.do(first.close())


@pytest.mark.parametrize("end_time", ODD_ENDS.values(), ids=ODD_ENDS)
def test_pictures_of_a_task_with_an_impossible_end_are_continued(
    world: World, tmp_path: Path, end_time: str | None
) -> None:
    answer_done(world, end_time)
    journal = tmp_path / "calls.sqlite"
    first: Any = world.client(journal=journal)
    world.do(first.edit(PRO, "Make it dusk", images=[PHOTO], n=1))
    world.do(first.close())
    world.time.at += 20 * HOUR
    (continued,) = world.do(world.client(journal=journal).resume()).results
    assert continued.task_id == TASK
    assert world.do(continued.save(tmp_path))[0].read_bytes() == PNG["a"]


def test_a_possible_end_is_taken_as_it_is_stated(world: World) -> None:
    answer_done(world, "2026-05-04 08:00:00.500")
    made = world.do(world.wan.edit(PRO, "Make it dusk", images=[PHOTO], n=1))
    assert made.ended_at == START + 0.5
