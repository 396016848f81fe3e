"""`wanlib batch`: files of jobs, names, prices, progress, and what Ctrl-C and `kill -9` leave."""

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import time
from typing import Any

import pytest
from wan_conformance.lifecycle.simulation.service import CachedImageEmulator

from tests.cli.conftest import Ran, in_a_process, in_process
from tests.cli.service import KEY
from tests.support.fast_clock import FastClock
from tests.support.image_files import picture
from tests.support.patience import PATIENCE
from wanlib.base.clock import Clock
from wanlib.cli.job_files import JobFile
from wanlib.emulator import Fault, ManualClock, Request, Response, Settings
from wanlib.emulator.server.serve import run_in_thread

MODEL = "wan2.5-i2i-preview"
PHOTO = "https://example.com/a.png"
PNG = picture("png", size=(400, 400))
Batch = Callable[..., Ran]
_FAST = (
    "import wanlib.cli.options.connection as connection; from tests.support.fast_clock import FastClock;"
    "connection.system_clock = lambda: FastClock({});"
    "from wanlib.cli import main; main()"
)
_CALLS = ("image-synthesis", "multimodal", "/tasks/", "/tasks")


class BatchService(CachedImageEmulator):
    """An emulator whose tasks end at once.

    Attributes:
        before, after: Called with the name of a call and its number among those of this name, from 1, before
            the service answers it, and when it has answered it but has sent nothing.
    """

    def __init__(self, clock: Clock) -> None:
        settings = Settings(waiting=0.0, working=0.0, quotas=False, local_images=True)
        super().__init__(clock=clock, settings=settings)
        self.counts: dict[str, int] = {}
        self.before: Callable[[str, int], None] = lambda name, number: None
        self.after = self.before

    def handle(self, request: Request) -> Response:
        name = next(
            (name for name in _CALLS if name in request.target),
            "picture",
        )
        self.counts[name] = number = self.counts.get(name, 0) + 1
        self.before(name, number)
        response = super().handle(request)
        self.after(name, number)
        return response

    @property
    def accepted(self) -> int:
        return sum(account.accepted for account in self.ledger())


@pytest.fixture
def emulator() -> BatchService:
    """A service in manual time, in which the jobs of a batch run one after another."""
    return BatchService(ManualClock())


@pytest.fixture
def base_url(emulator: BatchService) -> Iterator[str]:
    with run_in_thread(emulator) as url:
        yield f"{url}/api/v1"


@pytest.fixture
def batch(emulator: BatchService, base_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Batch:
    """`batch("jobs.jsonl")` -> Ran, with the clock of the service, and `--out out` beside the jobs."""
    monkeypatch.setattr("wanlib.cli.options.connection.system_clock", lambda: emulator.clock)
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str | Path) -> Ran:
        ran = in_process("batch", *arguments, "--out", "out", "--base-url", base_url)
        assert KEY not in ran.out + ran.err and "Traceback" not in ran.err
        for line in (ran.out + ran.err).splitlines():
            assert line.isprintable()
        return ran

    return run


def write_jobs(path: Path, count: int, **more: Any) -> None:
    jobs = [
        {"model": MODEL, "prompt": "x", "images": [PHOTO], "n": 1, "label": f"v{number}"} | more
        for number in range(count)
    ]
    path.write_text("".join(f"{json.dumps(job)}\n" for job in jobs))


def pictures_in(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "out").glob("*.png"))


def test_json_lines(batch: Batch, emulator: BatchService, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.png").write_bytes(PNG)
    first = {"model": MODEL, "prompt": "Dusk", "images": ["a.png"], "n": 2, "label": "dusk"}
    second = {"model": "wan2.7-image", "prompt": "A vase", "n": 1}
    lines = "".join(f"{json.dumps(job)}\r\n" for job in (first, second))
    (tmp_path / "photos" / "jobs.JSONL").write_bytes(lines.encode())
    ran = batch("photos/jobs.JSONL", "--max-price", "0.60")
    assert ran.code == 0, ran.err
    names = ["dusk-1.png", "dusk-2.png", "job-2-1.png"]
    assert sorted(map(Path, ran.out.split())) == [Path("out", name) for name in names]
    plan, *_, summary = ran.err.splitlines()
    assert plan == "2 jobs: 2 to send, at most 0.60 CNY"
    assert summary == "wanlib: 2 saved; 0.60 CNY spent"
    again = batch("photos/jobs.JSONL", "--json")
    assert again.code == 0 and emulator.accepted == 2
    outcomes = {outcome["label"]: outcome for outcome in map(json.loads, again.out.splitlines())}
    assert {outcome["state"] for outcome in outcomes.values()} == {"skipped"}
    assert outcomes["dusk"]["files"] == [str(Path("out", name)) for name in names[:2]]


def test_csv(batch: Batch, tmp_path: Path) -> None:
    text = (
        "model,prompt,images,n,label\r\n"
        f'{MODEL},"Dusk, with\nlanterns",{PHOTO};{PHOTO},1,two\r\n'
        f',plain,"[""{PHOTO}""]",,list\r\n'
    )
    (tmp_path / "jobs.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    ran = batch("jobs.csv", "--model", MODEL, "--set", "n=2", "--names", "{number:03}-{label}")
    assert ran.code == 0, ran.err
    assert pictures_in(tmp_path) == ["001-two-1.png", "002-list-1.png", "002-list-2.png"]


def test_files_written_by_spreadsheets_are_read(tmp_path: Path) -> None:
    head, path = ("model", "images", " watermark", "negative_prompt", "mask", "n", ""), tmp_path / "jobs.csv"
    row = (MODEL, f'"a.png; {PHOTO}"', "TRUE", "2024", "m.png", "2", "")
    for separator in ",;\t":
        rows = (head, row, [""] * 7, (MODEL, '"data:image/png;base64,AA"', "FALSE"))
        path.write_text("".join(f"{separator.join(cells)}\r\n" for cells in rows), "utf-8")
        first, second = JobFile(path, {})
        assert first == {
            "model": MODEL, "images": [tmp_path / "a.png", PHOTO], "watermark": True,
            "negative_prompt": "2024", "mask": tmp_path / "m.png", "n": 2,
        }  # fmt: skip
        assert second == {"model": MODEL, "images": ["data:image/png;base64,AA"], "watermark": False}


def test_a_folder_of_images(batch: Batch, emulator: BatchService, base_url: str, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for name in ("b.PNG", "a b.png", "._b.png"):
        (photos / name).write_bytes(PNG)
    (photos / "notes.txt").write_text("no image")
    (photos / "c.gif").write_bytes(picture("gif"))
    (photos / "folder.png").mkdir()
    options = ("photos", "--model", MODEL, "--prompt", "Dusk", "--set", "n=1")
    dry = batch(*options, "--dry-run")
    assert (dry.code, dry.out, emulator.counts) == (0, "", {}) and not (tmp_path / "out").exists()
    assert "2 jobs: 2 to send" in dry.err and "2 files left out: c.gif, notes.txt; expected .bmp" in dry.err
    assert "3 jobs: 3 to send" in batch(*options, "--dry-run", "--fit").err
    assert batch(*options).code == 0 and emulator.accepted == 2
    assert pictures_in(tmp_path) == ["a b-1.png", "b-1.png"]
    (photos / "b.bmp").write_bytes(picture("bmp"))
    assert "photos/b.bmp: job 3 (b): its files would have the names" in batch(*options).err
    ran = in_process("batch", *options, "--out", "photos", "--base-url", base_url)
    assert ran.code == 2 and "the images are in this folder" in ran.err


def test_images_are_made_fit_on_request(batch: Batch, emulator: BatchService, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "icon.gif").write_bytes(picture("gif", size=(60, 30)))
    write_jobs(tmp_path / "jobs.jsonl", 1, images=["photos/icon.gif"])
    assert batch("jobs.jsonl").code == 2 and emulator.accepted == 0
    ran = batch("jobs.jsonl", "--fit")
    assert ran.code == 0 and "; 1 image file to be changed to fit" in ran.err
    assert "wanlib: v0: icon.gif: gif of 60*30 to png of " in ran.err
    assert batch("jobs.jsonl", "--fit").code == 0 and emulator.accepted == 1


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("none.jsonl", None, "none.jsonl: does not exist"),
        ("jobs.txt", b"x", "expected a folder of images, or .jsonl, .ndjson or .csv"),
        ("jobs.jsonl", b"", "jobs.jsonl: is empty"),
        ("jobs.csv", b"", "jobs.csv: is empty"),
        ("jobs.csv", b"model,prompt\n", "jobs.csv: has no job"),
        ("jobs.csv", b"model,model\na,b\n", "jobs.csv: the head has 'model' twice"),
        ("jobs.csv", b"model,prompt\n\xff,a\n", "jobs.csv: is not UTF-8 text"),
        ("jobs.csv", b'model,prompt\n"a', "jobs.csv:2: is not CSV"),
        ("jobs.csv", b"model\na,b\n", "jobs.csv:2: job 1: cell 2 is 'b', and the head has no name for it"),
        ("jobs.csv", b"Model,prompt\na,b\n", "jobs.csv: the head has no model"),
        ("jobs.csv", b'model,n\n"a\nb",\n\n,\nwan9,1\n', "jobs.csv:6: job 2: "),
        ("jobs.jsonl", b"\n \n", "jobs.jsonl: has no job"),
        ("jobs.jsonl", b'\n{"model": 7}\n\n', "jobs.jsonl:2: job 1: model is 7"),
        ("jobs.jsonl", b'{"model": \n[]\n{"model": 7}\n', "job 1: column"),
        ("jobs.jsonl", b"\xef\xbb\xbf{}\n", "job 1: begins with a byte order mark"),
        ("jobs.jsonl", b'[]\n{"model": 7}\n', "job 2: model is 7"),
        ("jobs.jsonl", b'{"model": "wan9"}\n', "job 1: "),
    ],
)
def test_unusable_files(batch: Batch, tmp_path: Path, name: str, content: bytes | None, problem: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    ran = batch(name)
    assert (ran.code, ran.out) == (2, "") and problem in ran.err


def test_an_empty_folder_and_other_wrong_options(batch: Batch, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    write_jobs(tmp_path / "jobs.jsonl", 1)
    ran = batch("photos")
    assert ran.code == 2 and ran.err.startswith("wanlib: photos: has no image; expected .bmp")
    assert batch("jobs.jsonl", "--journal", "a").code == 2
    os.mkfifo(tmp_path / "pipe.csv")
    assert "wanlib: pipe.csv: is not a file" in batch("pipe.csv").err
    ran = batch("jobs.jsonl", "--names", "x")
    assert ran.code == 2 and "names is 'x'" in ran.err
    ran = batch("jobs.jsonl", "--max-price", "0.1")
    assert ran.code == 1 and "the batch could cost 0.20 CNY; allowed: 0.1" in ran.err


@pytest.mark.parametrize(
    "label", ["../up", "a/b", "a\\b", ".hidden", "\x1b]0;title\x07", "a\nb", "\u202ea", "", "C:"]
)
def test_hostile_labels(batch: Batch, emulator: BatchService, tmp_path: Path, label: str) -> None:
    write_jobs(tmp_path / "jobs.jsonl", 1, label=label)
    ran = batch("jobs.jsonl")
    assert (ran.code, emulator.counts) == (2, {}) and ": job 1" in ran.err
    assert [path.name for path in tmp_path.rglob("*.png")] == []


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_hostile_file_names(batch: Batch, emulator: BatchService, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    for name in (b"\x1b]0;title\x07.png", b"\xff.png", b"a\n.png"):
        Path(os.fsdecode(os.fsencode(tmp_path / "photos") + b"/" + name)).write_bytes(PNG)
    ran = batch("photos", "--model", MODEL, "--prompt", "x", "--set", "n=1")
    assert (ran.code, emulator.counts) == (2, {}) and ran.err.count("job ") == 3


def test_a_file_that_changes_after_it_was_checked_is_not_sent(
    batch: Batch, emulator: BatchService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "jobs.jsonl"
    write_jobs(path, 1)

    def ask(_: object) -> bool:
        write_jobs(path, 5)
        return True

    monkeypatch.setattr("wanlib.cli.commands.calls.batch._confirm", ask)
    ran = batch("jobs.jsonl")
    assert (ran.code, emulator.accepted) == (2, 0) and "has changed since it was checked" in ran.err


def test_progress_in_a_pipe_is_a_line_now_and_then(batch: Batch, tmp_path: Path) -> None:
    write_jobs(tmp_path / "jobs.jsonl", 12)
    ran = batch("jobs.jsonl", "--in-flight", "3")
    lines = [line for line in ran.err.splitlines() if " a minute" in line]
    assert ran.code == 0 and 1 < len(lines) < 6, lines
    assert lines[-1].startswith("12 of 12 jobs, ")


def test_failures_are_grouped_and_exit_1(batch: Batch, emulator: BatchService, tmp_path: Path) -> None:
    write_jobs(tmp_path / "jobs.jsonl", 3)
    emulator.faults.queue([Fault("fail", code="DataInspectionFailed", on=("async",))] * 2)
    ran = batch("jobs.jsonl")
    assert ran.code == 1 and "2 x TaskContentModerationError DataInspectionFailed" in ran.err
    assert "1 saved, 2 failed" in ran.err and "--retry-failed" in ran.err.splitlines()[-1]
    assert batch("jobs.jsonl", "--retry-failed").code == 0 and emulator.accepted == 5


@pytest.mark.skipif(sys.platform == "win32", reason="signals are of POSIX")
class TestProcess:
    """The command in a separate process, with a service whose clock runs as fast."""

    @pytest.fixture
    def anchor(self) -> float:
        return time()

    @pytest.fixture
    def emulator(self, anchor: float) -> BatchService:
        return BatchService(FastClock(anchor))

    @pytest.fixture
    def start(self, anchor: float, base_url: str, tmp_path: Path) -> Callable[[], Any]:
        def run() -> Any:
            return in_a_process(
                "batch", "jobs.jsonl", "--out", "out", "--base-url", base_url,
                code=_FAST.format(anchor), env={"DASHSCOPE_API_KEY": KEY}, cwd=tmp_path,
            )  # fmt: skip

        return run

    def test_ctrl_c_and_the_same_command(
        self, batch: Batch, start: Callable[[], Any], emulator: BatchService, tmp_path: Path
    ) -> None:
        write_jobs(tmp_path / "jobs.jsonl", 6)
        emulator.after = lambda call, number: (
            running.send_signal(signal.SIGINT) if (call, number) == ("image-synthesis", 3) else None
        )
        running = start()
        _, err = running.communicate(timeout=PATIENCE)
        assert running.returncode == 130 and b"Traceback" not in err
        assert err.decode().splitlines()[-1] == "wanlib: the same command continues the batch"
        assert batch("jobs.jsonl").code == 0 and emulator.accepted == 6

    def test_three_kills_lose_nothing_and_pay_nothing_twice(
        self, batch: Batch, start: Callable[[], Any], emulator: BatchService, tmp_path: Path
    ) -> None:
        """The process is killed while a call is answered, while a task is asked for, and while it saves."""
        write_jobs(tmp_path / "jobs.jsonl", 8)
        processes: list[Any] = []

        def kill_at(name: str) -> Callable[[str, int], None]:
            return lambda call, number: processes[-1].kill() if (call, number) == (name, 2) else None

        for when, call in (("after", "image-synthesis"), ("before", "/tasks/"), ("after", "picture")):
            emulator.counts.clear()
            emulator.before = emulator.after = lambda call, number: None
            setattr(emulator, when, kill_at(call))
            processes.append(start())
            processes[-1].communicate(timeout=PATIENCE)
            assert processes[-1].returncode == -signal.SIGKILL
        ran = batch("jobs.jsonl")
        assert ran.code == 0, ran.err
        assert emulator.accepted == 8 and pictures_in(tmp_path) == [f"v{number}-1.png" for number in range(8)]
        assert not [*tmp_path.rglob("*.part")]
