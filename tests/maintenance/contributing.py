"""Follow the steps of CONTRIBUTING.md for a change of the spec, in a copy of the checkout."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

from tests.maintenance.checkout import ROOT, run_command
from tests.maintenance.moves import find_numbers
from wanlib.spec import load

SPEC = load()
LIMIT, DEFAULT = SPEC.rules["wan2.7/n.max"], SPEC.facts["wan2.6/n.default"]
NEW_LIMIT, NEW_DEFAULT = LIMIT.limit + 2, DEFAULT.value - 1
MODEL = SPEC.family("wan2.7-image").models[0]
MODE, MODE_RULE, MODE_LIMIT = "marked", "wan2.7/seed.max:marked", 1000
VECTORS = "conformance/wan_conformance/vectors"
VECTOR = """
- id: {id}
  statement: guide#faq.content
  body: {{model: {model}, input: {{messages: [{{role: user, content: [{{text: a vase}}]}}]}},
    parameters: {{{parameters}}}}}
  expect: [{expect}]
"""
LIKE, NEW_MODEL, NEW_RULE = "wan2.5-i2i-preview", "wan2.8-i2i", "wan2.8/n.max"
MODEL_VECTOR = """
- id: {id}
  statement: guide#faq.content
  body: {{model: {model}, input: {{prompt: a vase, images: ["https://example.com/a.png"]}},
    parameters: {{"n": {n}}}}}
  expect: [{expect}]
"""


def steps(title: str) -> list[str]:
    """Return the numbered steps of a section of CONTRIBUTING.md, each on one line."""
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8").partition(f"## {title}\n")[2].partition("\n## ")[0]
    found = re.findall(r"^\d\. ((?:.+\n)(?:   .+\n)*)", f"{text}\n", re.MULTILINE)
    return [" ".join(step.split()) for step in found]


class Maintainer:
    """Changes a limit, a default and a price, and adds a mode and a model, by the steps of CONTRIBUTING.md.

    Args:
        folder: The copy of the checkout.
        options: Options of the conformance runs, which make them shorter.
    """

    STEPS: Mapping[str, str] = {
        "Change its line in `spec/`": "change_values",
        "Define its condition under `modes`": "add_mode",
        "Add one file to `spec/`": "add_model",
        "Add its vectors": "add_vectors",
        "`make emit` rewrites": "emit",
        "`make conformance` lists the vectors": "mend_vectors",
        "`make conformance` now reports the change as one line": "compare",
        "`make test` reports the lines of `README.md`": "",  # the test of the README does
        "Add a line to `CHANGELOG.md`": "",
        "Continue with step 2 above": "",
    }
    """The beginnings of the steps, and the method that carries each out; empty for one that no run needs."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self._options = options
        self._run("wan-conformance", "run", *options)
        last = folder / "reports" / "last" / "verdicts.ndjson"
        head, _, verdicts = last.read_text("utf-8").partition("\n")
        run = json.loads(head)
        run["run"].pop("covers", None)  # it replaces a complete run, which would take longer
        (folder / "reports" / "baseline.ndjson").write_text(f"{json.dumps(run)}\n{verdicts}", "utf-8")
        self.price_change = ""
        self.mended: list[str] = []
        self.report = ""

    def follow(self, step: str) -> None:
        """Do what a step says; StopIteration if it is not one of `STEPS`."""
        method = next(method for start, method in self.STEPS.items() if step.startswith(start))
        if method:
            getattr(self, method)()

    def change_values(self) -> None:
        """Change the limit, the default and a price, a line each."""
        self._replace(f"spec/{LIMIT.file}", LIMIT.line, f"{LIMIT.limit}", f"{NEW_LIMIT}")
        self._replace(f"spec/{DEFAULT.file}", DEFAULT.line, f"{DEFAULT.value}", f"{NEW_DEFAULT}")
        path, price = next(
            (path, number)
            for path in sorted((self.folder / "spec").glob("*.yaml"))
            for number in find_numbers(path.name, path.read_text("utf-8"))
            if "prices" in number.path
        )
        text = path.read_text("utf-8")
        path.write_text(text[: price.start] + "9.99" + text[price.start + len(price.text) :], "utf-8")
        self.price_change = f"{price.text} → 9.99"

    def add_mode(self) -> None:
        """Add a mode, and a limit that holds in it."""
        file = f"spec/{LIMIT.file}"
        lines = (self.folder / file).read_text("utf-8").splitlines(keepends=True)
        lines.insert(lines.index("modes:\n") + 1, f"  {MODE}: watermark\n")
        end = next(number for number, line in enumerate(lines) if line == "  seed:\n") + 1
        while lines[end].startswith("    "):
            end += 1
        lines.insert(end, f"    when {MODE}: {{max: {MODE_LIMIT}}}\n")
        (self.folder / file).write_text("".join(lines), "utf-8")

    def add_model(self) -> None:
        """Add a model like one of another family."""
        text = (self.folder / "spec" / "wan2.5.yaml").read_text("utf-8")
        text = text.replace('wan: "2.5"', 'wan: "2.8"').replace(SPEC.family(LIKE).models[0], NEW_MODEL)
        (self.folder / "spec" / "wan2.8.yaml").write_text(text, "utf-8")
        self._options += ("--rule", NEW_RULE)

    def add_vectors(self) -> None:
        """Write vectors for a limit of the new model, in the body form of its family."""
        most = SPEC.rules["wan2.5/n.max"].limit
        text = "".join(
            MODEL_VECTOR.format(id=f"wan2.8-n-{n}", model=NEW_MODEL, n=n, expect=expect)
            for n, expect in ((most, ""), (most + 1, f'"{NEW_RULE}"'))
        )
        (self.folder / VECTORS / "wan2.8.yaml").write_text(text, "utf-8")

    def emit(self) -> None:
        """Generate the code; it then matches the spec."""
        self._run("wanlib", "emit")
        self._run("wanlib", "emit", "--check")

    def mend_vectors(self) -> None:
        """Mend the vectors that the run names, and write new ones at both sides of the new limits."""
        output = self._run("wan-conformance", "run", *self._options, code=1)
        for places in re.findall(r"written +(.+)", output):
            for place in places.split("; "):
                file, _, numbers = place.partition(":")
                for line in numbers.split(", "):
                    self._mend(f"{VECTORS}/{file}", int(line))
        text = "".join(
            VECTOR.format(id=f"new-{number}", model=MODEL, parameters=parameters, expect=expect)
            for number, (parameters, expect) in enumerate(
                [
                    (f'"n": {NEW_LIMIT}', ""),
                    (f'"n": {NEW_LIMIT + 1}', f'"{LIMIT.id}"'),
                    (f"watermark: true, seed: {MODE_LIMIT}", ""),
                    (f"watermark: true, seed: {MODE_LIMIT + 1}", f'"{MODE_RULE}"'),
                ]
            )
        )
        with (self.folder / VECTORS / "wan2.7.yaml").open("a", encoding="utf-8") as file:
            file.write(text)

    def compare(self) -> None:
        """Run again; nothing fails, and nothing is a regression."""
        baseline = ("--baseline", "reports/baseline.ndjson")
        self.report = self._run("wan-conformance", "run", *self._options, *baseline)

    def _mend(self, file: str, line: int) -> None:
        """Remove the moved rule from the expectation of the vector at a line."""
        lines = (self.folder / file).read_text("utf-8").splitlines(keepends=True)
        at = next(n for n in range(line - 1, len(lines)) if lines[n].lstrip().startswith("expect:"))
        assert f'"{LIMIT.id}"' in lines[at], f"{file}:{line} is not about {LIMIT.id}"
        lines[at] = re.sub(rf'"{re.escape(LIMIT.id)}"(, )?', "", lines[at])
        (self.folder / file).write_text("".join(lines), "utf-8")
        self.mended.append(f"{file}:{line}")

    def _replace(self, file: str, line: int, old: str, new: str) -> None:
        lines = (self.folder / file).read_text("utf-8").splitlines(keepends=True)
        assert lines[line - 1].count(old) == 1, f"{file}:{line} does not state {old}"
        lines[line - 1] = lines[line - 1].replace(old, new)
        (self.folder / file).write_text("".join(lines), "utf-8")

    def _run(self, program: str, *arguments: str, code: int = 0) -> str:
        done = run_command(self.folder, program, *arguments)
        output = done.stdout + done.stderr
        assert done.returncode == code, f"{program} {' '.join(arguments)} exits {done.returncode}:\n{output}"
        return output
