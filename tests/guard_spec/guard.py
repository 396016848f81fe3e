"""The guard spec: invented models with what the packaged ones do not have, to test the harness itself.

Its model files are in this folder: every kind of rule, a family without images, a family with only
synchronous calls, a body form without `"*"`, a flag with `effective` that modes read. The surface of the API
(answers, errors, task states, names) is copied from the packaged spec; the regions differ in what they offer.
"""

from pathlib import Path
from typing import Any

import yaml

from wanlib.spec import Spec, load
from wanlib.spec.load import spec_folder

FOLDER = Path(__file__).parent
VECTORS = FOLDER / "vectors"
MODEL_FILES = ("guard1.0-collage.yaml", "words.yaml")

_BODIES: dict[str, Any] = {
    "letter": {
        "input": {
            "messages": {
                "count": 1,
                "each": {
                    "role": {"one_of": ["user"]},
                    "content": {"parts": {"image": "images", "text": "prompt"}, "text": {"max_count": 1}},
                },
            }
        },
        "parameters": "*",
    },
    "note": {
        "input": {"prompt": "prompt"},
        "parameters": {name: name for name in ("steps", "n", "size", "seed")},
    },
}
_REGIONS = {
    "north": {"workspace_host": "https://{workspace}.north.guard.invalid"},
    "south": {"host": "https://south.guard.invalid"},
}
_FIELDS = {
    "prompt": "prompt",
    "images": "images",
    "size": "size",
    "seed": "seed",
    "watermark": "draft",
    "rewriting": "draft",
}


_PAGE = {"title": "An invented page", "read": "2026", "sections": ["limits", "texts"]}


def guard_spec(folder: Path, files: tuple[str, ...] = MODEL_FILES) -> Spec:
    """Write the guard spec, or a part of it, to a folder and load it.

    Args:
        folder: Where it is written.
        files: Its model files.
    """
    folder.mkdir(exist_ok=True)
    for name in files:
        (folder / name).write_text((FOLDER / name).read_text("utf-8"), "utf-8")
    forms = {_read(folder / name)["body"] for name in files}
    wire, service, sources = (
        _read(spec_folder() / f"{stem}.yaml") for stem in ("wire", "service", "sources")
    )
    wire |= {"extends": "none", "regions": _REGIONS, "default_region": "south"}
    wire["bodies"] = {name: form for name, form in _BODIES.items() if name in forms}
    del wire["fine_tuned"]
    texts = "".join((FOLDER / name).read_text("utf-8") for name in files)
    service["fields"] = {role: name if f"  {name}:" in texts else "none" for role, name in _FIELDS.items()}
    service["refusals"] = service["refusals"][-1:]
    sources |= {"statements": {}, "pages": {**sources["pages"], "invented": _PAGE}}
    for stem, document in (("wire", wire), ("service", service), ("sources", sources)):
        text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=1000)
        (folder / f"{stem}.yaml").write_text(text, "utf-8")
    (folder / "task.yaml").write_text((spec_folder() / "task.yaml").read_text("utf-8"), "utf-8")
    return load(folder)


def _read(path: Path) -> Any:
    return yaml.load(path.read_text("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
