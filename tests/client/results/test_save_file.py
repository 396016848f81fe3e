"""A single picture saved under a name, and the curl command of a call with local files."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.emulator.api_client import BASE, KEY
from tests.support.api_facts import default_of
from wanlib import AsyncWan, Wan
from wanlib.boundary.images import encode_image
from wanlib.emulator import Emulator, ManualClock, RealClock
from wanlib.emulator.server.serve import run_in_thread
from wanlib.emulator.transport import EmulatorTransport
from wanlib.errors import DownloadFailedError, InvalidArgumentError

MODEL = "wan2.7-image"
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def wan() -> Iterator[Wan]:
    clock = ManualClock()
    http = httpx.Client(transport=EmulatorTransport(Emulator(clock=clock)))
    with http, Wan("sk-local", clock=clock, http_client=http) as client:
        yield client


def test_a_picture_is_saved_under_a_name(wan: Wan, tmp_path: Path) -> None:
    output = wan.generate(MODEL, "a vase", size="1K", n=1)
    target = tmp_path / "new" / "clean.png"
    assert output.save(target) == [target]
    assert target.is_file() and target.read_bytes().startswith(PNG)
    assert [each.name for each in target.parent.iterdir()] == ["clean.png"]
    assert output.save(str(target)) == [target]  # the same picture again


def test_another_file_of_the_name_is_left_alone(wan: Wan, tmp_path: Path) -> None:
    output, target = wan.generate(MODEL, "a vase", size="1K", n=1), tmp_path / "a.PNG"
    target.write_bytes(b"mine")
    with pytest.raises(DownloadFailedError):
        output.save(target)
    assert target.read_bytes() == b"mine"
    assert output.save(target, overwrite=True) == [target]
    assert target.read_bytes().startswith(PNG)


@pytest.mark.parametrize(
    ("name", "n", "options", "reason"),
    [
        ("clean.png", 2, {}, "is one file, and there can be 2 pictures; give a folder"),
        ("clean.jpg", 1, {}, "pictures are PNG files; name it clean.png, or give a folder"),
        ("clean.png", 1, {"stem": "vase"}, "is a file, and stem names files in a folder; leave stem out"),
    ],
)
def test_a_name_that_can_not_be_meant(
    wan: Wan, tmp_path: Path, name: str, n: int, options: dict[str, Any], reason: str
) -> None:
    output = wan.generate(MODEL, "a vase", size="1K", n=n)
    with pytest.raises(InvalidArgumentError) as error:
        output.save(tmp_path / name, **options)
    assert reason in str(error.value) and [*tmp_path.iterdir()] == []


def test_a_folder_of_that_name_is_a_folder(wan: Wan, tmp_path: Path) -> None:
    folder = tmp_path / "clean.png"
    folder.mkdir()
    saved = wan.generate(MODEL, "a vase", size="1K", n=2).save(folder)
    assert [path.parent for path in saved] == [folder, folder]
    (saved_by_stem,) = wan.generate(MODEL, "a vase", size="1K", n=1).save(tmp_path / "out.d", stem="vase")
    assert saved_by_stem == tmp_path / "out.d" / "vase-1.png"


def test_the_async_client_saves_alike(tmp_path: Path) -> None:
    import asyncio

    from wanlib.emulator.transport import AsyncEmulatorTransport

    async def run() -> list[Path]:
        clock = ManualClock()
        async with (
            httpx.AsyncClient(transport=AsyncEmulatorTransport(Emulator(clock=clock))) as http,
            AsyncWan("sk-local", clock=clock, http_client=http) as wan,
        ):
            output = await wan.generate(MODEL, "a vase", size="1K", n=1)
            return await output.save(tmp_path / "clean.png")

    assert asyncio.run(run()) == [tmp_path / "clean.png"]


CURL = [shutil.which(name) for name in ("curl", "sh", "base64", "tr")]


@pytest.mark.skipif(None in CURL, reason="needs curl, sh, base64 and tr")
def test_the_curl_command_sends_local_files(tmp_path: Path) -> None:
    """A file of more than a command line can hold, under a name that a shell would take apart."""
    large, small = tmp_path / "it's $HOME.png", tmp_path / "b.png"
    noise = encode_image("png", 700, 700)
    large.write_bytes(noise + b"\0" * 400_000)
    small.write_bytes(encode_image("png", 500, 400))
    emulator = Emulator(clock=RealClock())
    with run_in_thread(emulator) as url, Wan("sk-1", base_url=url + BASE, trust_env=False) as wan:
        prompt = 'it\'s "dusk" %s \\n $HOME\n雪'
        prepared = wan.prepare(MODEL, prompt, images=[large, "https://example.com/a.png", small], n=1)
        assert len(prepared.curl()) < 3000
        ran = subprocess.run(
            ["sh", "-c", f"{prepared.curl()} -sS --noproxy '*'"],
            check=True,
            capture_output=True,
            env=os.environ | {"DASHSCOPE_API_KEY": KEY["authorization"].split()[1]},
        )
        assert json.loads(ran.stdout)["output"]["task_status"] == "PENDING", ran.stdout
        (work,) = emulator.jobs()
        assert work.spec.prompt == prompt
        sizes = [(each.width, each.height) for each in work.spec.inputs]
        assert (sizes[0], sizes[2]) == ((700, 700), (500, 400))
    emulator.close()


def test_an_image_in_memory_and_a_query_stay_out_of_the_command(wan: Wan, tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    file.write_bytes(encode_image("png", 512, 512))
    images = [file, encode_image("png", 512, 513), "https://example.com/a.png?token=abc"]
    command = wan.prepare(MODEL, "a vase", images=images, n=1).curl()
    assert f"base64 < {file}" in command and "token=abc" not in command and len(command) < 2000


@pytest.fixture
def command() -> Callable[..., Any]:
    from tests.cli.conftest import in_process

    return in_process


def test_the_prompt_refuses_a_file_for_several_pictures_before_paying(
    command: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-1")
    emulator = Emulator(clock=RealClock())
    with run_in_thread(emulator) as url:
        address = ("--base-url", url + BASE, "--yes")
        default = default_of("wan2.7/n")
        for options, problem in (
            (("--n", "2", "--out", tmp_path / "a.png"), "is one file, and there can be 2 pictures"),
            (
                ("--out", tmp_path / "a.png"),
                f"is one file, and there can be {default} pictures",
            ),
            (("--n", "1", "--out", tmp_path / "a.webp"), "pictures are PNG files; name it a.png"),
        ):
            ran = command("generate", MODEL, "a vase", *options, *address)
            assert ran.code == 2 and problem in ran.err
        assert emulator.jobs() == ()
        ran = command("generate", MODEL, "a vase", "--n", "1", "--out", tmp_path / "a.png", *address)
        assert (ran.code, ran.out) == (0, f"{tmp_path / 'a.png'}\n")
    emulator.close()
