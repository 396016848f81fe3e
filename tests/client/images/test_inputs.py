"""Everything accepted as an image: what is read, passed on or refused, and that nothing is changed."""

import io
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from PIL import Image

from tests.support.patience import PATIENCE
from wanlib.boundary.images import encode_image
from wanlib.client.images.inputs import ImageSource, candidate_paths, to_image_input
from wanlib.errors import InvalidArgumentError, MissingFileError
from wanlib.validation.image_header import ImageInfo

PNG = encode_image("png", 640, 480)
FACTS = ImageInfo("png", 640, 480, len(PNG))
SCHEMES = ("http", "https", "data", "oss")
MIMES = {"png": "image/png", "bmp": "image/x-ms-bmp"}


def read(image: Any, *, file_urls: bool = True) -> Any:
    return to_image_input(image, file_urls=file_urls, mimes=MIMES, schemes=SCHEMES, argument="images[1]")


def whole(source: ImageSource, width: int = 100) -> bytes:
    return b"".join(bytes(chunk) for chunk in source.chunks(width))


@pytest.fixture
def clock(tmp_path: Path) -> Path:
    path = tmp_path / "clock.png"
    path.write_bytes(PNG)
    return path


class Wrapped:
    """A foreign file object: no `readinto`, and at most 7 bytes a time."""

    def __init__(self, data: bytes) -> None:
        self._file = io.BytesIO(data)
        self.seek, self.tell = self._file.seek, self._file.tell

    def read(self, length: int = -1) -> bytes:
        return self._file.read(min(length, 7))


FORMS: dict[str, Callable[[Path], Any]] = {
    "path": lambda path: path,
    "other path": lambda path: [*os.scandir(path.parent)].pop(),
    "bytes": lambda _: PNG,
    "bytearray": lambda _: bytearray(PNG),
    "memoryview": lambda _: memoryview(PNG),
    "wide memoryview": lambda _: memoryview(PNG[: len(PNG) // 2 * 2]).cast("H"),
    "BytesIO": lambda _: io.BytesIO(PNG),
    "foreign": lambda _: Wrapped(PNG),
    "file URL": lambda path: f"file://{path}",
    "FILE URL": lambda path: f"FILE://{path}",
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_bytes_each_time(form: str, clock: Path) -> None:
    source = read(FORMS[form](clock))
    due = PNG[: len(PNG) // 2 * 2] if form == "wide memoryview" else PNG
    assert source.info == FACTS._replace(bytes=len(due)) and source.size == len(due)
    assert source.mime == "image/png" and source.argument == "images[1]"
    for width in (1, 100, len(due), len(due) + 1):
        assert whole(source, width) == due
    assert [len(chunk) for chunk in source.chunks(100)][:-1] == [100] * ((len(due) - 1) // 100)


@pytest.mark.parametrize("make", [lambda: io.BytesIO(PNG), lambda: Wrapped(PNG)])
def test_a_file_object_stands_where_it_stood_even_between_two_chunks(make: Callable[[], Any]) -> None:
    file = make()
    file.seek(5)
    source = read(file)
    assert file.tell() == 5
    for index, _ in enumerate(source.chunks(100)):
        assert file.tell() == 5 + index
        file.seek(5 + index + 1)  # the caller goes on with it, and no byte is lost
    assert whole(source) == PNG


def test_open_files_are_read_from_the_start_and_left_open(clock: Path) -> None:
    with clock.open("rb") as file, tempfile.SpooledTemporaryFile() as spooled:
        file.read()
        spooled.write(PNG)
        for each in (file, spooled):
            assert whole(read(each)) == PNG and each.tell() == len(PNG) and not each.closed
        assert read(file).name == "clock.png"


def test_two_images_that_are_one_file_object_are_read_side_by_side() -> None:
    file = io.BytesIO(PNG)
    pairs = list(zip(read(file).chunks(64), map(bytes, read(file).chunks(64)), strict=True))
    first = [b"".join(bytes(each) for each in side) for side in zip(*pairs, strict=True)]
    assert first[1] == PNG and file.tell() == 0
    one, other = read(file).chunks(len(PNG)), read(file).chunks(len(PNG))
    assert bytes(next(one)) == bytes(next(other)) == PNG


def test_memory_is_not_copied() -> None:
    data = bytearray(PNG)
    source = read(data)
    data[-1] ^= 0xFF
    assert whole(source) == bytes(data)
    assert isinstance(next(source.chunks(10)), memoryview) and next(source.chunks(10)).readonly


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "I;16"])
def test_a_pillow_image_becomes_a_png_of_the_same_pixels(mode: str) -> None:
    image = Image.radial_gradient("L").convert("L" if mode == "I;16" else mode).crop((100, 100, 140, 131))
    image = Image.new(mode, (40, 31), 7) if mode == "I;16" else image
    source = read(image)
    assert source.info[:3] == ("png", 40, 31) and source.name == "Pillow image"
    again = Image.open(io.BytesIO(whole(source)))
    assert again.convert("RGBA").tobytes() == image.convert("RGBA").tobytes() and image.mode == mode


def test_a_pillow_image_that_no_png_can_hold_is_refused_with_the_way_out() -> None:
    with pytest.raises(
        InvalidArgumentError, match=r"images\[1\]: the Pillow image of mode CMYK .*convert\('RGB'\)"
    ):
        read(Image.new("CMYK", (40, 30)))


@pytest.mark.parametrize(
    "text",
    ["http://a/b.png", "https://a/b?c", "HTTPS://a/b", "data:image/png;base64,AA", "Data:x", "OSS://k"],
)
def test_links_are_passed_on_as_they_are(text: str) -> None:
    assert read(text, file_urls=False) == text


@pytest.mark.parametrize(
    "text", ["clock.png", "ftp://a/b", "", " https://a", "https:/a", "file:/a", "~/a.png"]
)
def test_other_text_is_refused_with_a_hint_and_never_opened(
    text: str, clock: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(clock.parent)
    monkeypatch.setattr(os, "open", lambda *_: pytest.fail("it was opened"))
    with pytest.raises(
        InvalidArgumentError, match=r"images\[1\] is the text .* never taken for a path: .*pathlib.Path"
    ):
        read(text)


@pytest.mark.parametrize("image", [None, 7, ["a.png"], {"image": 1}, object(), Path, open])
def test_anything_else_is_refused(image: object) -> None:
    with pytest.raises(
        InvalidArgumentError, match=r"images\[1\] is .*; allowed: a Path, bytes, a seekable binary file"
    ):
        read(image)


@pytest.mark.parametrize("given", ["text file", "closed", "strided", "text StringIO"])
def test_objects_that_give_no_bytes_are_refused_by_name(given: str, clock: Path) -> None:
    closed = io.BytesIO(PNG)
    closed.close()
    with clock.open() as text:
        objects = {"text file": text, "closed": closed, "strided": memoryview(PNG)[::2]}
        with pytest.raises(InvalidArgumentError, match=r"^images\[1\]: .* can't be read: "):
            read(objects.get(given, io.StringIO("x")))


def test_a_file_opened_as_text_is_refused_with_the_way_out() -> None:
    with pytest.raises(InvalidArgumentError, match="open the file with mode 'rb'"):
        read(io.StringIO("x"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_in_place_of_a_file_blocks_no_call(clock: Path) -> None:
    chunks = read(clock).chunks(100)
    clock.unlink()
    os.mkfifo(clock)
    raised: list[Exception] = []

    def send() -> None:
        try:
            next(chunks)
        except InvalidArgumentError as error:
            raised.append(error)

    thread = Thread(target=send, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    assert "has changed" in str(raised), "it waits for somebody to write into the pipe"


def test_a_pipe_as_file_object_is_refused() -> None:
    reading, writing = os.pipe()
    with (
        os.fdopen(reading, "rb") as file,
        os.fdopen(writing, "wb"),
        pytest.raises(InvalidArgumentError, match="seek"),
    ):
        read(file)


class Nasty:
    tell = seek = read = lambda *_: 1 // 0


def test_an_exception_of_a_file_object_is_reported() -> None:
    with pytest.raises(InvalidArgumentError, match="file object' can't be read: integer division"):
        read(Nasty())


@pytest.fixture
def oddities(tmp_path: Path) -> Iterator[Path]:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "to-pipe").symlink_to("pipe")
    (tmp_path / "to-itself").symlink_to("to-itself")
    (tmp_path / "folder").mkdir()
    yield tmp_path


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("pipe", "is not a regular file"),
        ("to-pipe", "is not a regular file"),
        ("/dev/zero", "is not a regular file"),
        ("folder", "is a directory"),
        ("none", "No such file"),
        ("to-itself", "can't be read"),
        ("a\0b", "can't be read"),
    ],
)
def test_a_path_that_is_not_a_file_is_refused_without_opening_it(
    name: str, cause: str, oddities: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "open", lambda *_: pytest.fail("it was opened"))
    for image in (oddities / name, f"file://{oddities / name}"):
        with pytest.raises(InvalidArgumentError, match=rf"(?s)^images\[1\]: .*{cause}"):
            read(image)


def test_a_link_to_a_file_is_that_file(clock: Path) -> None:
    link = clock.with_name("link")
    link.symlink_to(clock)
    assert whole(read(link)) == PNG


def test_a_file_that_changes_before_it_is_sent_is_not_sent(clock: Path) -> None:
    longer, rewritten, gone = read(clock), read(clock), read(clock)
    seen = clock.stat().st_mtime_ns
    clock.write_bytes(PNG + b"\0")
    os.utime(clock, ns=(0, seen))
    with pytest.raises(InvalidArgumentError, match=r"'clock\.png' has changed since it was checked"):
        next(longer.chunks(100))
    clock.write_bytes(PNG)
    os.utime(clock, ns=(0, seen + 1))
    with pytest.raises(InvalidArgumentError, match="has changed"):
        next(rewritten.chunks(100))
    clock.unlink()
    with pytest.raises(InvalidArgumentError, match=r"images\[1\]: 'clock.png' can't be read: No such file"):
        next(gone.chunks(100))


def test_a_file_that_ends_while_it_is_sent_raises_too(clock: Path) -> None:
    chunks = read(clock).chunks(100)
    next(chunks)
    os.truncate(clock, 150)
    with pytest.raises(InvalidArgumentError, match="has changed"):
        next(chunks)


def test_a_relative_path_is_that_of_when_it_was_given(clock: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(clock.parent)
    sources = [read(Path("clock.png")), read("file://clock.png"), read("file://./clock.png")]
    monkeypatch.chdir("/")
    assert [whole(source) for source in sources] == [PNG] * 3


@pytest.mark.usefixtures("removed_working_directory")
def test_a_relative_path_in_a_working_directory_that_was_removed() -> None:
    for image in (Path("clock.png"), "file://clock.png"):
        with pytest.raises(MissingFileError, match=r"^images\[1\]: 'clock.png' can't be read: No such file"):
            read(image)


@pytest.mark.parametrize(
    "name", ["a+b.png", "a#b.png", "a%41.png", "a%.png", "a?b.png", "a b.png", "ä%20ö.png"]
)
def test_a_name_stands_in_a_file_url_as_it_is_on_disk(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(PNG)
    (tmp_path / "aA.png").write_bytes(b"another")
    assert whole(read(f"file://{tmp_path}/{name}")) == PNG
    assert read(tmp_path / name).name == name


def test_a_file_url_is_percent_decoded_where_the_name_as_it_stands_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "a ä.png").write_bytes(PNG)
    assert whole(read(f"file://{tmp_path}/a%20%C3%A4.png")) == PNG
    with pytest.raises(InvalidArgumentError, match=r"images\[1\]: '.*' can't be read: No such file"):
        read(f"file://{tmp_path}/a%20b.png")


POSIX_AND_WINDOWS = [
    ("file:///home/a.png", ("/home/a.png",), ("/home/a.png",)),
    ("file://./a/b.png", ("./a/b.png",), ("./a/b.png",)),
    ("file://a/b.png", ("a/b.png",), ("a/b.png",)),
    ("file://D:/a.png", ("D:/a.png",), ("D:/a.png",)),
    ("file:///D:/a.png", ("/D:/a.png", "D:/a.png"), ("D:/a.png",)),
    (r"FILE:///d:\a.png", (r"/d:\a.png", r"d:\a.png"), (r"d:\a.png",)),
    ("file:////server/a.png", ("//server/a.png",), ("//server/a.png",)),
    ("file:///a%20b", ("/a%20b", "/a b"), ("/a%20b", "/a b")),
    ("file:///D:/a%20b", ("/D:/a%20b", "D:/a%20b", "/D:/a b", "D:/a b"), ("D:/a%20b", "D:/a b")),
    ("file://a+b#c?d", ("a+b#c?d",), ("a+b#c?d",)),
]


@pytest.mark.parametrize(("url", "posix", "windows"), POSIX_AND_WINDOWS)
def test_file_urls_as_the_guide_writes_them(url: str, posix: tuple[str], windows: tuple[str]) -> None:
    assert candidate_paths(url, windows=False) == posix
    assert candidate_paths(url, windows=True) == windows


def test_file_urls_can_be_turned_off(clock: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "stat", lambda *_, **__: pytest.fail("it was looked for"))
    for url in (f"file://{clock}", f"FILE://{clock}"):
        with pytest.raises(InvalidArgumentError, match=r"are turned off \(file_urls=False\)"):
            read(url, file_urls=False)


def test_a_source_shows_name_size_and_format_alone(clock: Path) -> None:
    assert repr(read(clock)) == f"<Source 'clock.png': png, {len(PNG)} bytes>"
    assert repr(read(b"secret")) == "<Source 'bytes': no image, 6 bytes>"


def test_the_media_type_is_the_model_s_else_that_of_the_format() -> None:
    made = {format: read(encode_image(format, 400, 400)).mime for format in ("bmp", "png", "webp", "gif")}
    assert made == {"bmp": "image/x-ms-bmp", "png": "image/png", "webp": "image/webp", "gif": "image/gif"}
    assert read(b"").mime == read(b"text").mime == "application/octet-stream"


def test_a_source_can_t_be_changed() -> None:
    with pytest.raises(AttributeError):
        read(PNG).name = "other"
