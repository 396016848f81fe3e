"""Find gaps in a loadable spec: missing statements, vectors and regions, and texts to fill in.

`find_gaps` is the entry point; `read_expected_rules` reads the vectors that it needs. The loader itself
refuses a rule without a source, and a region that offers a model without a price.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from wanlib.plain_yaml import YAML_ERRORS, RepeatedKeyError, YamlLoader, yaml_problem
from wanlib.spec.load import build, files_digest, read_files, spec_folder
from wanlib.spec.model.errors import SpecError
from wanlib.spec.model.spec import Spec
from wanlib.spec.source.files import find_files
from wanlib.spec.source.yaml_reader import LineList, LineMap

PLACEHOLDER = "TODO"
"""A placeholder in a spec file."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that a spec lacks.

    Attributes:
        file: The spec file, or the folder of the spec if all its files lack it.
        line: The line in the file, from 1.
        id: The rule, statement or model that lacks it, or the path of a value.
        missing: The missing item, and what to do.
    """

    file: str
    line: int
    id: str
    missing: str

    def __str__(self) -> str:
        """Return the gap as `file:line: id: problem`."""
        return f"{self.file}:{self.line}: {self.id}: {self.missing}"


def find_gaps(folder: Path, tested: Collection[str] | None) -> list[Gap]:
    """Return the gaps of the files in a folder, by file and line.

    Args:
        folder: An overlay on the packaged spec, of which only its own files are checked, or a complete spec.
        tested: The rules that a vector expects; None if there are no vectors, which is one gap.

    Raises:
        SpecError: The spec does not load.
    """
    files = find_files(folder, spec_folder())
    documents = read_files(files)
    spec = build(documents, files_digest(files), files.own)
    own = {f"{stem}.yaml": documents[stem] for stem in files.paths if stem in files.own}
    gaps = [*_unstated(spec), *_unoffered(spec, own)]
    gaps += (gap for file, document in own.items() for gap in _placeholders(file, document, ""))
    if tested is not None:
        gaps += _untested(spec, tested)
    gaps = sorted((gap for gap in gaps if gap.file in own), key=lambda gap: (gap.file, gap.line))
    return gaps if tested is not None else [*gaps, Gap(str(folder), 1, "*", _NO_VECTORS)]


_NO_STATEMENT = "no statement lists it under rules; add it to one, with the wording of the page"
_NO_VECTOR = "no vector expects it; write one that violates it"
_NO_VECTORS = "no vectors; write some in the folder vectors, or name a folder with --vectors"
_NO_REGION = "no region offers this model; state regions"


def _unstated(spec: Spec) -> Iterator[Gap]:
    """Yield the rules that no statement is tied to."""
    stated = {
        rule for statement in spec.sources["statements"].values() for rule in statement.get("rules", ())
    }
    for rule in spec.rules.values():
        if rule.id not in stated:
            yield Gap(rule.file, rule.line, rule.id, _NO_STATEMENT)


def _untested(spec: Spec, tested: Collection[str]) -> Iterator[Gap]:
    """Yield the rules on bodies that no vector expects; vectors cannot violate the others."""
    for rule in spec.rules.values():
        if rule.scope == "body" and rule.id not in tested:
            yield Gap(rule.file, rule.line, rule.id, _NO_VECTOR)


def _unoffered(spec: Spec, documents: dict[str, LineMap]) -> Iterator[Gap]:
    """Yield the models without a region, which load if no other model has one either."""
    offered = {model for region in spec.wire["regions"].values() for model in region.get("calls", ())}
    for file, document in documents.items():
        models = document.get("models", LineList(0))
        for model, line in zip(models, models.lines, strict=True):
            if model not in offered:
                yield Gap(file, line, model, _NO_REGION)


def _placeholders(file: str, value: Any, path: str) -> Iterator[Gap]:
    """Yield each member of a value that is a placeholder."""
    if isinstance(value, LineMap):
        for key, inner in value.items():
            name = f"{path}.{key}" if path else key
            if inner == PLACEHOLDER:
                yield Gap(file, value.lines[key], name, f"is {PLACEHOLDER}; fill it in{_ties(value)}")
            else:
                yield from _placeholders(file, inner, name)


def _ties(statement: LineMap) -> str:
    """Return the rules of a statement, as the end of a sentence; empty for another value."""
    rules = statement.get("rules", ())
    return f" with what the page says about {', '.join(map(str, rules))}" if rules else ""


def read_expected_rules(folder: Path) -> frozenset[str]:
    """Return the rules that the vectors in a folder expect.

    Args:
        folder: A folder with `*.yaml` files, each a list of vectors.

    Raises:
        SpecError: A file cannot be read or is not a list of vectors, each with a list under `expect`.
    """
    paths = sorted(folder.glob("[!.]*.yaml"))
    if not paths:
        raise SpecError(f"{folder}:1: contains no vectors, expected *.yaml files with a list in each")
    return frozenset(rule for path in paths for rule in _expected_rules(path))


def _expected_rules(path: Path) -> Iterator[str]:
    try:
        entries = _read_entries(path)
    except OSError as error:
        raise SpecError(f"{path.name}:1: can't be read ({error.strerror}), expected vectors") from None
    except YAML_ERRORS as error:
        mark = getattr(error, "problem_mark", None)
        line = error.line if isinstance(error, RepeatedKeyError) else mark.line + 1 if mark else 1
        problem = f"is not plain YAML ({yaml_problem(error)}), expected a list of vectors"
        raise SpecError(f"{path.name}:{line}: {problem}") from None
    if entries is None:
        raise SpecError(f"{path.name}:1: is not a list, expected a list of vectors")
    for line, vector in entries:
        expected = vector.get("expect") if isinstance(vector, dict) else None
        if not isinstance(expected, list):
            raise SpecError(f"{path.name}:{line}: lacks expect, expected a list of rule ids in each vector")
        yield from (rule for rule in expected if isinstance(rule, str))


def _read_entries(path: Path) -> list[tuple[int, Any]] | None:
    """Return the items of a list with their first lines, from 1; None if the file has no list."""
    loader = YamlLoader(path.read_text("utf-8"))
    try:
        root = loader.get_single_node()
        if not isinstance(root, yaml.SequenceNode):
            return None
        return [(entry.start_mark.line + 1, loader.construct_document(entry)) for entry in root.value]
    finally:
        loader.dispose()
