"""Load a folder of spec files: strict YAML, then the schema, then the meaning.

`load` is the entry point. The steps are public for tools that change documents before they are built:
`read_documents` reads and checks the files, `build` makes the Spec.
"""

import hashlib
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from wanlib.base.redaction import safe_repr
from wanlib.spec.build.applicability import restrict_to_models, with_models
from wanlib.spec.build.bodies import BodyFormBuilder
from wanlib.spec.build.cross_file_checks import check_references
from wanlib.spec.build.family import build_family
from wanlib.spec.build.member_names import with_only_for
from wanlib.spec.build.tables import service_facts, table_facts, table_rules, task_facts, task_rules
from wanlib.spec.model.errors import Diagnostics, SpecError
from wanlib.spec.model.model import Fact, Family, Node, Rule, Spec
from wanlib.spec.source.schema_check import SCHEMA, known_digests, schema_diagnostics, sha256_hex
from wanlib.spec.source.yaml_reader import LineMap, read_file

_SINGLE_FILES = ("task", "wire", "service", "sources")
_FAMILY_STEM = re.compile(r"wanx?([0-9]+(?:\.[0-9]+)*)")


def spec_folder() -> Path:
    """Return the packaged spec: beside this module, or at the top of a checkout."""
    packaged = Path(__file__).with_name("files")
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "spec"


def load(folder: Path | None = None) -> Spec:
    """Load the Spec of a folder.

    Args:
        folder: The folder; None for the packaged spec, which is loaded once.

    Raises:
        SpecError: A file is missing or wrong. It has every diagnostic, each as `file:line: what, expected
            what`.
    """
    return _load_packaged() if folder is None else _load_folder(folder)


@cache
def _load_packaged() -> Spec:
    return _load_folder(spec_folder())


def _load_folder(folder: Path) -> Spec:
    documents = read_documents(folder)
    return build(documents, _digest(folder, documents))


def read_documents(folder: Path) -> dict[str, LineMap]:
    """Read every file of a folder, and check each against the schema.

    Args:
        folder: A folder of spec files.

    Returns:
        The files by stem, model files newest first.

    Raises:
        SpecError: A file is missing, is not strict YAML, or does not match the schema.
    """
    documents: dict[str, LineMap] = {}
    diagnostics: list[str] = []
    known = known_digests(spec_folder())
    for path in _paths(folder):
        try:
            document = documents[path.stem] = read_file(path)
        except SpecError as error:
            diagnostics += error.diagnostics
            continue
        problems = name_diagnostics(path.stem, document)
        if not problems and sha256_hex(path.read_bytes()) not in known:
            problems = schema_diagnostics(document, path.name, spec_folder() / SCHEMA)
        diagnostics += problems
    if diagnostics:
        raise SpecError(diagnostics)
    return documents


def build(documents: Mapping[str, LineMap], digest: str) -> Spec:
    """Build the Spec of documents that match the schema.

    Args:
        documents: The files by stem, in the order of `read_documents`.
        digest: The digest of the Spec.

    Raises:
        SpecError: What the documents mean is wrong; it has every diagnostic.
    """
    wire = documents["wire"]
    families, bodies, facts = _families(documents)
    rules = _rules(families, bodies, documents)
    facts += table_facts(wire) + task_facts(documents["task"]) + service_facts(documents["service"])
    spec = Spec(
        families=tuple(families),
        bodies=MappingProxyType(bodies),
        wire=MappingProxyType(wire),
        task=MappingProxyType(documents["task"]),
        service=MappingProxyType(documents["service"]),
        sources=MappingProxyType(documents["sources"]),
        rules=MappingProxyType({rule.id: rule for rule in rules}),
        facts=MappingProxyType({fact.id: fact for fact in facts}),
        digest=digest,
    )
    if diagnostics := check_references(spec, documents):
        raise SpecError(diagnostics)
    return spec


def name_diagnostics(stem: str, document: LineMap) -> list[str]:
    """Check that `wan` in a file repeats its name, which says what kind of file it is."""
    match = _FAMILY_STEM.fullmatch(stem)
    if not match and stem not in _SINGLE_FILES:
        expected = f"wan<version>.yaml, wanx<version>.yaml or one of {', '.join(_SINGLE_FILES)}"
        return [f"{stem}.yaml:1: has an unknown file name, expected {expected}"]
    expected = match[1] if match else stem
    if document.get("wan") == expected:
        return []
    problem = f"wan is {safe_repr(document['wan'])}" if "wan" in document else "lacks wan"
    line = document.lines.get("wan", 1)
    return [f'{stem}.yaml:{line}: {problem}, expected "{expected}", as in the file name']


def _paths(folder: Path) -> list[Path]:
    """Return the files of a folder, model files newest first."""
    if not folder.is_dir():
        raise SpecError([f"{folder}:1: is not a folder, expected a folder of spec files"])
    paths = sorted(folder.glob("[!.]*.yaml"), reverse=True)
    paths.sort(key=lambda path: path.stem.startswith("wanx"))
    stems = [path.stem for path in paths]
    diagnostics = [
        f"{stem}.yaml:1: is missing in {folder}, expected beside the model files"
        for stem in _SINGLE_FILES
        if stem not in stems
    ]
    if all(stem in _SINGLE_FILES for stem in stems):
        diagnostics.append(f"{folder}:1: contains no model file, expected one such as wan2.7.yaml")
    if diagnostics:
        raise SpecError(diagnostics)
    return paths


def _families(documents: Mapping[str, LineMap]) -> tuple[list[Family], dict[str, Node], list[Fact]]:
    """Build the body forms and the model files, each checked by itself."""
    wire_diagnostics = Diagnostics("wire.yaml")
    builder = BodyFormBuilder(documents["wire"]["source"], wire_diagnostics)
    bodies = {name: builder.body(name, raw) for name, raw in documents["wire"]["bodies"].items()}
    diagnostics = wire_diagnostics.lines
    families, facts = [], []
    for stem, document in documents.items():
        if stem not in _SINGLE_FILES:
            file_diagnostics = Diagnostics(f"{stem}.yaml")
            form = bodies.get(document["body"])
            family, family_facts = build_family(stem, document, form, file_diagnostics)
            diagnostics += file_diagnostics.lines
            families.append(family)
            facts += family_facts
    if diagnostics:
        raise SpecError(diagnostics)
    for name, form in bodies.items():
        models = tuple(model for family in families if family.body == name for model in family.models)
        bodies[name] = with_models(form, models)
    restricted = [restrict_to_models(family, documents["wire"]["endpoints"]) for family in families]
    families, exclusion_facts, diagnostics = with_only_for(restricted, bodies, documents)
    if diagnostics:
        raise SpecError(diagnostics)
    return families, bodies, facts + exclusion_facts


def _rules(
    families: list[Family], bodies: Mapping[str, Node], documents: Mapping[str, LineMap]
) -> list[Rule]:
    """Return all rules in spec order."""
    rules = table_rules(documents["wire"], tuple(model for family in families for model in family.models))
    for form in bodies.values():
        rules += [rule for node in form.walk() for rule in node.rules]
    for family in families:
        rules += [rule for rule in (family.unknown, family.only_for) if rule]
        rules += family.call_rules.values()
        rules += [rule for field in family.walk() for rule in field.rules]
    return rules + task_rules(documents["task"])


def _digest(folder: Path, documents: Mapping[str, Any]) -> str:
    digest = hashlib.sha256()
    for stem in documents:
        digest.update((folder / f"{stem}.yaml").read_bytes())
    return digest.hexdigest()
