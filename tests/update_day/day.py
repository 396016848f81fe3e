"""The steps of the day on which the vendor changes its pages and its service."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import copytree

from tests.migration.recording_sdk import bodies_of
from tests.support.sarif_schema import sarif_errors
from tests.update_day.commands import ROOT, Transcript
from wanlib import check
from wanlib.emulator import Emulator, RealClock, Settings
from wanlib.emulator.server.serve import run_in_thread
from wanlib.spec import Rule, load

OLD_DATE, NEW_DATE = "2025-12", "2026-11"
SECRET = "wan2.7/n.max"
"""The rule that the service changes without a word."""
_BUDGET = "100"


class UpdateDay:
    """Simulates the day in a folder.

    Args:
        folder: An empty folder.
        transcript: Runs the commands in this folder.
    """

    def __init__(self, folder: Path, transcript: Transcript) -> None:
        self.folder = folder
        self.transcript = transcript
        self.spec = load()
        self.plain, self.pro, self.interleave, self.older, self.oldest = self.spec.models

    # What changed?

    def compare_dates(self) -> None:
        """Compare what the pages said at two times, in all forms of the report."""
        self.transcript.begin("wanlib diff: what the pages changed, in every form")
        files = {name: self.folder / f"changes.{name}" for name in ("md", "html", "sarif")}
        written = ("--markdown", files["md"], "--html", files["html"], "--sarif", files["sarif"])
        text = self.transcript.run("wanlib", "diff", OLD_DATE, NEW_DATE, *written, code=1)
        printed = self.transcript.run("wanlib", "diff", OLD_DATE, NEW_DATE, "--json", code=1)
        changes = json.loads(printed.out or '{"changes": []}')["changes"]
        self.transcript.expect(bool(changes), "no changes are reported")
        for change in changes:
            self.transcript.expect(change["id"] in text.out, f"{change['id']} is not in the text")
            self.transcript.expect(
                change["id"] in files["html"].read_text("utf-8"), f"{change['id']} is not in the page"
            )
        errors = sarif_errors(json.loads(files["sarif"].read_text("utf-8")))
        self.transcript.expect(not errors, f"SARIF is not valid by its schema: {errors[:3]}")
        marked = self.transcript.run("wanlib", "diff", OLD_DATE, NEW_DATE, "--github", code=1)
        self.transcript.expect("::error file=" in marked.out, "no annotation marks a breaking change")
        section = self.transcript.run("wanlib", "diff", OLD_DATE, NEW_DATE, "--changelog", code=1)
        self.transcript.expect(section.out.startswith(f"## {NEW_DATE}\n"), "the section has no heading")

    def look_at_the_page(self, problems: Sequence[str]) -> None:
        """Report what a browser found on the page, in light, dark, at 1280 and at 390 pixels."""
        self.transcript.begin(
            "the page in a browser: light, dark, 390 pixels, keyboard, axe-core, no network"
        )
        for problem in problems:
            self.transcript.expect(False, problem)
        self.transcript.note(f"  {self.folder / 'changes.html'}: {len(problems)} problems")

    # Do my calls still work?

    def migrate(self) -> None:
        """Convert the calls of the guide's questions to newer models."""
        self.transcript.begin("wanlib migrate: the guide's questions")
        picture = "https://example.com/{}.png"
        content = [{"image": picture.format(1)}, {"text": "Make it dusk"}]
        bodies = {
            self.pro: {
                "model": self.interleave,
                "input": {"messages": [{"role": "user", "content": content}]},
                "parameters": {"n": 1},
            },
            self.plain: {
                "model": self.older,
                "input": {"prompt": "Make it dusk", "images": [picture.format(1), picture.format(2)]},
                "parameters": {"n": 1},
            },
            self.older: {
                "model": self.oldest,
                "input": {"function": "colorization", "prompt": "blue", "base_image_url": picture.format(1)},
                "parameters": {"n": 1},
            },
        }
        for model, body in bodies.items():
            is_lossy = body["model"] == self.oldest  # its function has no place in newer models
            converted = self.transcript.run(
                "wanlib", "migrate", "-", "--to", model, code=int(is_lossy), stdin=json.dumps(body)
            )
            self.transcript.run("wanlib", "check", "-", stdin=converted.out)
        self._migrate_a_program()

    def _migrate_a_program(self) -> None:
        program = self.folder / "fuse.py"
        program.write_text(
            "from dashscope import ImageSynthesis\n\n"
            'photos = ["https://example.com/clock.png", "https://example.com/vase.png"]\n'
            f'rsp = ImageSynthesis.call(\n    model="{self.older}",\n'
            '    prompt="Place the clock of image 1 beside the vase of image 2",\n'
            "    images=photos,\n    n=1,\n)\n",
            encoding="utf-8",
        )
        changed = self.transcript.run("wanlib", "migrate", "--python", "fuse.py", "--to", self.pro)
        self.transcript.run("git", "apply", "-", stdin=changed.out)
        (body,) = bodies_of(program.read_text("utf-8")).bodies
        is_carried = body["model"] == self.pro and check(body).ok
        self.transcript.expect(is_carried, "the program does not send a valid body for the other model")

    # Has the service changed?

    def probe(self) -> None:
        """Name a secret change of the service, patch the spec, and probe again."""
        self.transcript.begin(
            "wan-conformance live: a secret change is named, and the patch makes the run clean"
        )
        ours, theirs = self.folder / "spec", self.folder / "service"
        copytree(ROOT / "spec", ours)
        copytree(ROOT / "spec", theirs)
        rule = self.spec.rules[SECRET]
        change_limit(theirs, rule, rule.limit + 1)
        with self._service(theirs) as url:
            found = self._live(url, 1, "--patch", "found.patch")
            self.transcript.expect(SECRET in found, f"{SECRET} is not named")
            self.transcript.run("git", "apply", "found.patch")
            clean = self._live(url, 0)
            self.transcript.expect(SECRET not in clean, f"{SECRET} is still named")
        compared = self.transcript.run("wanlib", "diff", "spec", "service", "--json")
        changes = json.loads(compared.out or '{"changes": []}')["changes"]
        real = [change["id"] for change in changes if change["class"] != "editorial"]
        self.transcript.expect(not real, f"the patched spec still differs from the service: {real}")

    def _live(self, url: str, code: int, *options: str) -> str:
        base, ledger = f"{url}/api/v1", self.folder / f"ledger-{code}.db"
        common = ("--base-url", base, "--budget", _BUDGET, "--ledger", ledger, "--yes", "--spec", "spec")
        scope = ("--model", self.plain, "--rule", "wan2.7/n.*")
        return self.transcript.run("wan-conformance", "live", *common, *scope, *options, code=code).out

    @contextmanager
    def _service(self, folder: Path) -> Iterator[str]:
        emulator = Emulator(load(folder), clock=RealClock(), settings=Settings(waiting=5, working=5))
        try:
            with run_in_thread(emulator) as url:
                yield url
        finally:
            emulator.close()


def change_limit(folder: Path, rule: Rule, limit: int) -> None:
    """Write another limit in the line of a rule, and nothing else."""
    path = folder / rule.file
    lines = path.read_text("utf-8").splitlines(keepends=True)
    line = lines[rule.line - 1]
    lines[rule.line - 1] = line.replace(str(rule.limit), str(limit), 1)
    assert lines[rule.line - 1] != line
    path.write_text("".join(lines), encoding="utf-8")
