"""Files that are rewritten in place while they are sent: what was checked goes out, or no complete body."""

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from inspect import isawaitable
from pathlib import Path
from typing import Any

import pytest

from tests.client.client_fixture import KEY
from tests.client.service import POLICY, PRO, STORE
from tests.client.socket_server import ServerConnection, SocketServer, answer
from wanlib import AsyncWan, Wan
from wanlib.boundary.images import encode_image
from wanlib.client.images.inputs import ImageSource, to_image_input
from wanlib.errors import InvalidArgumentError

SMALL = encode_image("png", 640, 480)
OTHER = encode_image("png", 640, 480, size_bytes=len(SMALL))[:-20] + bytes(20)
A_YEAR_AGO = 1_740_000_000


def read(image: Any) -> ImageSource:
    source = to_image_input(image, file_urls=False, mimes={}, schemes=(), argument="images[0]")
    assert isinstance(source, ImageSource)
    return source


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    path.write_bytes(SMALL)
    return path


def rewrite(path: Path) -> None:
    """Write other bytes of the same number over the same file."""
    with path.open("r+b") as file:
        file.write(OTHER)


def rewrite_unseen(path: Path) -> None:
    """The same, and the time of change is as before: as in the tick of a clock, or by a copying tool."""
    status = path.stat()
    rewrite(path)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


FORMS = ("path", "open file", "unbuffered file")


@contextmanager
def opened(form: str, path: Path) -> Iterator[Any]:
    """Yield a file as one of the forms of an image argument."""
    if form == "path":
        yield path
        return
    with path.open("rb", buffering=0 if form == "unbuffered file" else -1) as file:
        yield file


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("is_recent", "change"), [(False, rewrite), (True, rewrite), (True, rewrite_unseen)])
@pytest.mark.parametrize("chunks_before", [0, 1, 3])
def test_the_last_chunk_of_a_rewritten_file_is_kept_back(
    photo: Path, form: str, is_recent: bool, change: Callable[[Path], None], chunks_before: int
) -> None:
    if not is_recent:
        os.utime(photo, (A_YEAR_AGO, A_YEAR_AGO))
    with opened(form, photo) as image:
        chunks, sent = read(image).chunks(len(SMALL) // 4), b""
        for _ in range(chunks_before):
            sent += bytes(next(chunks))
        change(photo)
        try:
            for chunk in chunks:
                sent += bytes(chunk)
        except InvalidArgumentError as error:
            assert "images[0]: 'photo.png' has changed since it was checked" in str(error)
            assert len(sent) < len(SMALL)
        else:
            assert form == "open file" and sent == SMALL, "only its own buffer can hold what was checked"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("seconds", [A_YEAR_AGO, 2 * A_YEAR_AGO])
def test_an_unchanged_file_is_sent_every_time(photo: Path, form: str, seconds: int) -> None:
    os.utime(photo, (seconds, seconds))
    with opened(form, photo) as image:
        source = read(image)
        for _ in range(2):
            assert b"".join(map(bytes, source.chunks(1000))) == SMALL


def test_a_file_at_rest_is_not_read_as_a_whole_when_it_is_checked(
    photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hashlib.sha256", lambda: pytest.fail("a digest of a file at rest"))
    os.utime(photo, (A_YEAR_AGO, A_YEAR_AGO))
    assert b"".join(map(bytes, read(photo).chunks(1000))) == SMALL


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("upload", [False, True])
def test_a_service_never_gets_the_end_of_a_torn_file(tmp_path: Path, kind: str, upload: bool) -> None:
    photo, size = tmp_path / "large.png", 12_000_000  # more than the buffers of a connection hold
    photo.write_bytes(encode_image("png", 640, 480, size_bytes=size))
    os.utime(photo, (A_YEAR_AGO, A_YEAR_AGO))
    received: list[int] = []

    def receive(connection: ServerConnection) -> None:
        """Answer the query for the policy; then rewrite the file while its body comes."""
        if upload and not server.seen:
            connection.read()
            store = server.url.replace("/api/v1", "/store").encode()
            return connection.send(answer(POLICY.body.replace(f"https://{STORE}".encode(), store)))
        received.append(len(connection.read(most=100_000)))
        with photo.open("r+b") as file:
            file.seek(size // 2)
            file.write(bytes(1000))
        while received[0] < whole and (chunk := connection.receive()):
            received[0] += len(chunk)
        return None

    async def run() -> None:
        wan: Any = (Wan if kind == "sync" else AsyncWan)(
            KEY, base_url=server.url, trust_env=False, max_retries=0
        )
        with pytest.raises(InvalidArgumentError, match="has changed since it was checked"):
            await awaited(wan.submit(PRO, "Make it dusk", images=[photo], n=1, upload=upload))
        assert wan.spent == 0
        await awaited(wan.close())

    whole = size if upload else size // 3 * 4
    server = SocketServer(receive)
    try:
        asyncio.run(run())
    finally:
        server.close()
    assert 100_000 <= received[0] < whole


async def awaited(value: Any) -> Any:
    """Return what a verb of a client of either kind returns."""
    return await value if isawaitable(value) else value
