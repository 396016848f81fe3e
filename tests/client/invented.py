"""Clients for two invented models: one that takes no images, and one whose only image is its mask.

No packaged model is like them. Their spec is the packaged one with two more files, and their client is
what the emitter writes for it.
"""

import importlib
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from wanlib.emit import generate_files
from wanlib.spec import Spec, load
from wanlib.spec.load import spec_folder

WORDS, SKETCH = "wan9.1-words", "wan9.2-sketch"
_LIKE = "wan2.5-i2i-preview"
_BODIES = """
  words:
    input:
      prompt: prompt
    parameters: "*"
  sketch:
    input:
      prompt: prompt
      outline: outline
    parameters: "*"
"""
_OUTLINE = "  outline: {type: image, required: true, formats: [png], schemes: [http, https, data]}\n\n"


def invented_spec(folder: Path) -> Spec:
    """The packaged spec with both models, as a new folder."""
    folder.mkdir()
    for file in spec_folder().iterdir():
        if file.suffix == ".yaml":
            (folder / file.name).write_text(file.read_text("utf-8"), "utf-8")
    family = (folder / "wan2.5.yaml").read_text("utf-8")
    without = re.sub(r"(?ms)^  images:.*?(?=^  negative_prompt:)", "", family)
    files = (("9.1", WORDS, "words", "generate", ""), ("9.2", SKETCH, "sketch", "edit", _OUTLINE))
    for number, model, body, verb, field in files:
        text = without.replace('wan: "2.5"', f'wan: "{number}"').replace(_LIKE, model)
        text = text.replace("body: prompt", f"body: {body}").replace("  edit: {}", f"  {verb}: {{}}")
        text = re.sub(r"(?m)^(    otherwise: \{.*pixels: [^}]+)\}", r"\1, without_image: square}", text)
        text = text.replace("fields:\n", f"fields:\n{field}", 1)
        (folder / f"wan{number}.yaml").write_text(text, "utf-8")
    wire = (folder / "wire.yaml").read_text("utf-8").replace("\nendpoints:\n", f"{_BODIES}\nendpoints:\n", 1)
    row = rf"(?m)^ +{re.escape(_LIKE)}:.*\n(?:^ {{4,}}(?:sync|async): .*\n)*"
    wire = re.sub(row, lambda found: found[0] + "".join(_rows(found[0])), wire)
    (folder / "wire.yaml").write_text(wire, "utf-8")
    return load(folder)


def _rows(row: str) -> Iterator[str]:
    """The same row for the invented models; where it says which calls there are, the synchronous one too."""
    more = row.replace("[async]", "[sync, async]")
    if "\n    async: " in more:
        more += re.sub(r"(?s).*\n    async: ", "    sync: ", row)
    for model in (WORDS, SKETCH):
        yield more.replace(_LIKE, model)


@contextmanager
def invented_client(folder: Path, spec: Spec) -> Iterator[ModuleType]:
    """The generated package of a spec, importable while the block runs: `client`, `client_async`."""
    name = "invented_generated"
    package = folder / name
    package.mkdir()
    (package / "__init__.py").touch()
    for file, text in generate_files(spec).items():
        (package / file).write_text(text.replace("wanlib.generated", name), "utf-8")
    sys.path.insert(0, str(folder))
    try:
        importlib.import_module(f"{name}.client")
        importlib.import_module(f"{name}.client_async")
        yield sys.modules[name]
    finally:
        sys.path.remove(str(folder))
        for module in [each for each in sys.modules if each.partition(".")[0] == name]:
            del sys.modules[module]
