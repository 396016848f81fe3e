"""A private model: the newest packaged model file, repeated for a model of another name."""

from pathlib import Path

from wanlib.spec import load
from wanlib.spec.load import spec_folder

MODEL = "my-model"
BASE = load().families[0]
"""The packaged family that the private model repeats."""

TEXT = (spec_folder() / f"{BASE.name}.yaml").read_text("utf-8")


def private_text() -> str:
    """Return the text of the model file with other prices."""
    models = f"models: [{', '.join(BASE.models)}]"
    assert models in TEXT
    head, _, rest = TEXT.partition("prices:\n")
    text = f"{head}prices: {{beijing: '1.00', singapore: '1.10'}}{rest[rest.index(chr(10) * 2) :]}"
    text = text.replace(f'wan: "{BASE.version}"', f"wan: {MODEL}").replace(models, f"models: [{MODEL}]")
    return text.replace(f'"{BASE.models[-1]}"', f'"{MODEL}"')


def write_overlay(folder: Path) -> Path:
    """Write an overlay with the private model, and return its folder."""
    folder.mkdir(exist_ok=True)
    (folder / f"{MODEL}.yaml").write_text(private_text(), "utf-8")
    return folder
