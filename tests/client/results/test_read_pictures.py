"""Downloaded pictures: the bytes of each, how many there are, and which."""

from pathlib import Path
from typing import Any

import pytest

from tests.client.client_fixture import World
from tests.client.response_samples import TASK, choices, image, link, reply, task
from tests.client.results.test_streams import LAST, PICTURE, WORDS, begin, streamed
from tests.client.service import CREATED, PHOTO, PRO
from tests.support.image_files import picture
from wanlib.client.http.messages import Response
from wanlib.client.results.parts import Picture
from wanlib.errors import DownloadFailedError, LinkExpiredError, UsageError

PNGS = {name: picture("png", size=(300, 300 + at)) for at, name in enumerate("abc")}
THREE = reply(
    task("SUCCEEDED", **choices(*({"message": {"content": [image(name)]}} for name in PNGS))["output"])
)


def of_store(request: Any) -> Response:
    """The picture that a link names."""
    name = request.url.path.rpartition("/")[2].partition(".")[0]
    return reply(PNGS[name[-1:]], content_type="image/png")


def output(world: World) -> Any:
    world.service.on("create", CREATED)
    world.service.on("query", THREE)
    world.service.on("download", of_store)
    return world.do(world.wan.edit(PRO, "Make it dusk", images=[PHOTO], n=3))


def read(world: World, picture: Any) -> bytes:
    data = world.do(picture.read() if world.kind == "sync" else picture.aread())
    assert isinstance(data, bytes)
    return data


def test_an_output_is_a_sequence_of_its_pictures(world: World) -> None:
    found = output(world)
    assert len(found) == 3
    assert list(found) == [*found.images] == [found[0], found[1], found[-1]]
    assert found[1:] == found.images[1:]
    with pytest.raises(IndexError):
        found[3]


def test_each_picture_has_the_bytes_of_the_store(world: World, tmp_path: Path) -> None:
    found = output(world)
    assert [read(world, each) for each in found] == [*PNGS.values()]
    saved = world.do(found.save(tmp_path))
    assert [path.read_bytes() for path in saved] == [*PNGS.values()]
    assert all("authorization" not in each.headers for each in world.service.of("download"))


def test_the_parts_and_a_task_that_is_waited_for_give_readable_pictures_too(world: World) -> None:
    output(world)
    waited = world.do(world.wan.task(TASK).wait())
    (several,) = world.do(world.wan.wait([TASK]))
    for each in (waited.parts[0], several[0]):
        assert read(world, each) == PNGS["a"]


def test_pictures_of_a_stream_are_readable_as_they_come_and_at_the_end(world: World) -> None:
    world.service.on("create", streamed(WORDS, PICTURE, LAST))
    world.service.on("download", of_store)
    stream = begin(world)
    (came,) = [part for part in world.all(stream) if isinstance(part, Picture)]
    assert read(world, came) == read(world, stream.result[0]) == PNGS["a"]


FLAWS: dict[str, Any] = {
    "cut": (200, {"content-length": str(len(PNGS["a"]))}, PNGS["a"][:-20]),
    "no picture": (200, {}, b"<html></html>"),
    "busy": (503, {}, b""),
}


@pytest.mark.parametrize("flaw", FLAWS.values(), ids=FLAWS)
def test_an_incomplete_picture_is_fetched_again_and_never_returned(world: World, flaw: Any) -> None:
    found = output(world)
    world.service.on("download", Response(*flaw), of_store)
    assert read(world, found[0]) == PNGS["a"]
    assert world.service.count("download") == 2
    world.service.on("download", Response(*flaw))
    with pytest.raises(
        DownloadFailedError, match="the picture was not fetched: it could not be fetched in 5 attempts"
    ):
        read(world, found[0])


def test_the_limits_of_save_hold(world: World) -> None:
    """The cap on bytes, a host that is not public, a link that has expired."""
    found = output(world)
    private = Picture("http://127.0.0.1/a.png", 0, **_readers(found[0]))
    with pytest.raises(DownloadFailedError, match=r"127\.0\.0\.1.*not a public address"):
        read(world, private)
    world.service.on("download", Response(200, {"content-length": str(2**40)}, b""))
    with pytest.raises(DownloadFailedError, match="larger than"):
        read(world, found[0])
    world.service.on("download", Response(403, {}, b""))
    with pytest.raises(LinkExpiredError):
        read(world, found[0])
    world.time.at += 25 * 3600
    world.service.on("download", of_store)
    assert read(world, found[0]) == PNGS["a"], "the store decides, and no clock"


def test_the_other_way_to_read_is_named(world: World) -> None:
    found = output(world)
    if world.kind == "sync":
        with pytest.raises(UsageError, match=r"call picture\.read\(\)"):
            world.do(_await(world, found[0]))
    else:
        with pytest.raises(UsageError, match=r"call await picture\.aread\(\)"):
            found[0].read()
    alone = Picture(link("a"), 0)
    with pytest.raises(UsageError, match=r"call output\.save\(\)"):
        alone.read()


async def _await(world: World, picture: Any) -> bytes:
    data: bytes = await picture.aread()
    return data


def _readers(picture: Picture) -> dict[str, Any]:
    return {"reader": picture.reader, "async_reader": picture.async_reader}


def test_the_reader_of_a_picture_is_not_in_its_repr(world: World) -> None:
    found = output(world)
    assert "reader" not in repr(found[0]) and "reader" not in str(found[0].to_dict())
    assert found[0] == Picture(found[0].url, 0)
