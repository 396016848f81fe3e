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
    """The packaged spec with both models, as an overlay."""
    folder.mkdir()
    family = (spec_folder() / "wan2.5.yaml").read_text("utf-8")
    family = re.sub(r"(?m)^  async: (.*)$", r"  sync: \1\n  async: \1", family, count=1)
    family = family.replace(": [async]", ": [sync, async]")
    without = re.sub(r"(?ms)^  images:.*?(?=^  negative_prompt:)", "", family)
    files = (("9.1", WORDS, "words", "generate", ""), ("9.2", SKETCH, "sketch", "edit", _OUTLINE))
    for number, model, body, verb, field in files:
        text = without.replace('wan: "2.5"', f'wan: "{number}"').replace(_LIKE, model)
        text = text.replace("body: prompt", f"body: {body}").replace("  edit: {}", f"  {verb}: {{}}")
        text = re.sub(r"(?m)^(    otherwise: \{.*pixels: [^}]+)\}", r"\1, without_image: square}", text)
        text = text.replace("fields:\n", f"fields:\n{field}", 1)
        (folder / f"wan{number}.yaml").write_text(text, "utf-8")
    wire = (spec_folder() / "wire.yaml").read_text("utf-8").replace("extends: none", "")
    wire = wire.replace("\nbodies:", f"\nbodies:{_BODIES.rstrip()}", 1)
    (folder / "wire.yaml").write_text(wire, "utf-8")
    return load(folder)


@contextmanager
def invented_client(folder: Path, spec: Spec) -> Iterator[ModuleType]:
    """The generated package of a spec, importable while the block runs: `client`, `client_async`."""
    name = "invented_generated"
    package = folder / name
    package.mkdir()
    (package / "__init__.py").touch()
    for file, text in generate_files(spec).items():
        (package / file).write_text(text, "utf-8")
    sys.path.insert(0, str(folder))
    try:
        importlib.import_module(f"{name}.checker")
        importlib.import_module(f"{name}.client")
        importlib.import_module(f"{name}.client_async")
        yield sys.modules[name]
    finally:
        sys.path.remove(str(folder))
        for module in [each for each in sys.modules if each.partition(".")[0] == name]:
            del sys.modules[module]
