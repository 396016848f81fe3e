"""Choose the vectors that apply to a spec, and list those that don't."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wan_conformance.engine.vectors import Vector, load
from wanlib.spec import Spec
from wanlib.spec import load as load_spec
from wanlib.spec.load import spec_folder
from wanlib.spec.source.files import find_files


def choose_vectors(
    spec: Spec, folder: Path | None, own_vectors: Path | None
) -> tuple[list[Vector], list[str]]:
    """Return the vectors of a run.

    The packaged vectors are about the packaged files. They apply to a model unless the spec lacks it, or is
    an overlay that replaces its file.

    Args:
        spec: The spec of the run.
        folder: Its folder; None for the packaged one.
        own_vectors: A folder with vectors for this spec; None for the packaged vectors alone.

    Returns:
        The vectors, and a line for each reason why packaged vectors are left out.

    Raises:
        VectorError: A vector is wrong.
    """
    own = load(own_vectors) if own_vectors is not None else []
    if folder is None:
        return [*load(), *own], []
    replaced = _replaced_files(folder)
    chosen: list[Vector] = []
    reasons: Counter[str] = Counter()
    for vector in load():
        reason = _reason(vector, spec, replaced)
        if reason:
            reasons[reason] += 1
        else:
            chosen.append(vector)
    lines = [f"{count:,} packaged vectors about {reason}" for reason, count in reasons.items()]
    if own_vectors is None:
        lines += _without_vectors(spec, chosen)
    return [*chosen, *own], lines


def _replaced_files(folder: Path) -> frozenset[str]:
    """Return the model files of an overlay, by stem; none for a complete spec, which has no packaged file."""
    files = find_files(folder, spec_folder())
    return files.own if files.own < files.paths.keys() else frozenset()


def _reason(vector: Vector, spec: Spec, replaced: frozenset[str]) -> str:
    """Return the subject of a vector that does not apply, with the reason; empty if it applies."""
    model = _model(vector.template)
    base = load_spec().base(model)
    if base is None:  # not a packaged model: the body is refused for its name
        return f"names such as {model!r}, which are models of this spec" if spec.base(model) else ""
    if base not in spec.models:
        return f"{base}, which this spec does not have"
    stem = spec.family(base).name
    return f"{base}: this spec has another {stem}.yaml" if stem in replaced else ""


def _model(template: Any) -> object:
    return template.get("model") if isinstance(template, dict) else None


def _without_vectors(spec: Spec, chosen: list[Vector]) -> Iterator[str]:
    """Yield a line on models that no vector is about."""
    tested = {spec.base(_model(vector.template)) for vector in chosen}
    untested = [model for model in spec.models if model not in tested]
    if untested:
        yield f"vectors about {', '.join(untested)}: there are none; name a folder of them with --vectors"
