"""A folder of spec files to a Spec: strict YAML, then shape, then meaning."""

import hashlib
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from wanlib.base.redaction import safe_repr
from wanlib.spec.build.applicability import restrict_to_models, with_models, with_only_for
from wanlib.spec.build.bodies import BodyBuilder
from wanlib.spec.build.cross_file_checks import check_references
from wanlib.spec.build.family import build_family
from wanlib.spec.build.tables import service_facts, table_facts, table_rules, task_facts, task_rules
from wanlib.spec.model.errors import Diagnostics, SpecError
from wanlib.spec.model.model import Fact, Family, Node, Rule, Spec
from wanlib.spec.source.schema_check import SCHEMA, known_digests, sha256_hex
from wanlib.spec.source.yaml_reader import LineMap, read_file

_SINGLE = ("task", "wire", "service", "sources")
_FAMILY = re.compile(r"wanx?([0-9]+(?:\.[0-9]+)*)")


def spec_folder() -> Path:
    """The packaged spec: beside this module in a wheel, at the top of a checkout."""
    packaged = Path(__file__).with_name("files")
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "spec"


def load(folder: Path | None = None) -> Spec:
    """The Spec of a folder (the packaged one unless given).

    Raises SpecError with every complaint, each as `file:line: what, expected what`.
    """
    return _load_packaged() if folder is None else _load(folder)


@cache
def _load_packaged() -> Spec:
    return _load(spec_folder())


def _load(folder: Path) -> Spec:
    documents = read_documents(folder)
    return build(documents, _digest(folder, documents))


def build(documents: Mapping[str, LineMap], digest: str) -> Spec:
    """Build the Spec of documents that have the right shape.

    Args:
        documents: The files by stem, in the order of `read_documents`.
        digest: What the Spec gives as its digest.

    Raises:
        SpecError: What the documents mean is wrong; it has every complaint.
    """
    wire = documents["wire"]
    families, bodies, facts = _families(documents)
    rules = _rules(families, bodies, documents)
    spec = Spec(
        families=tuple(families),
        bodies=MappingProxyType(bodies),
        wire=MappingProxyType(wire),
        task=MappingProxyType(documents["task"]),
        service=MappingProxyType(documents["service"]),
        sources=MappingProxyType(documents["sources"]),
        rules=MappingProxyType({rule.id: rule for rule in rules}),
        facts=MappingProxyType({fact.id: fact for fact in facts + _table_facts(documents)}),
        digest=digest,
    )
    if diagnostics := check_references(spec, documents):
        raise SpecError(diagnostics)
    return spec


def _families(documents: Mapping[str, LineMap]) -> tuple[list[Family], dict[str, Node], list[Fact]]:
    """The model files and the body forms that they are written in, each right by itself."""
    gathered = Diagnostics("wire.yaml")
    builder = BodyBuilder(documents["wire"]["source"], gathered)
    bodies = {name: builder.body(name, raw) for name, raw in documents["wire"]["bodies"].items()}
    diagnostics = gathered.lines
    families, facts = [], []
    for stem, document in documents.items():
        if stem not in _SINGLE:
            gathered = Diagnostics(f"{stem}.yaml")
            family, own = build_family(stem, document, bodies.get(document["body"]), gathered)
            diagnostics += gathered.lines
            families.append(family)
            facts += own
    if diagnostics:
        raise SpecError(diagnostics)
    written = {
        name: tuple(model for family in families if family.body == name for model in family.models)
        for name in bodies
    }
    bodies = {name: with_models(node, written[name]) for name, node in bodies.items()}
    families, own, diagnostics = with_only_for(
        [restrict_to_models(family) for family in families], bodies, documents
    )
    if diagnostics:
        raise SpecError(diagnostics)
    return families, bodies, facts + own


def read_documents(folder: Path) -> dict[str, LineMap]:
    """Every file by its stem, each of the right shape. SpecError where one is not."""
    documents: dict[str, LineMap] = {}
    diagnostics: list[str] = []
    known = known_digests(spec_folder())
    for path in _paths(folder):
        try:
            documents[path.stem] = read_file(path)
        except SpecError as error:
            diagnostics += error.diagnostics
            continue
        wrong = wrong_name(path.stem, documents[path.stem])
        if not wrong and sha256_hex(path.read_bytes()) not in known:
            wrong = _wrong_shape(documents[path.stem], path)
        diagnostics += wrong
    if diagnostics:
        raise SpecError(diagnostics)
    return documents


def _paths(folder: Path) -> list[Path]:
    """The files of a folder: model files newest first, so that `wan2.7` opens every list."""
    if not folder.is_dir():
        raise SpecError([f"{folder}:1: is no folder, expected one of spec files"])
    paths = sorted(folder.glob("[!.]*.yaml"), reverse=True)
    paths.sort(key=lambda path: path.stem.startswith("wanx"))
    stems = [path.stem for path in paths]
    diagnostics = [
        f"{stem}.yaml:1: is missing in {folder}, expected beside the model files"
        for stem in _SINGLE
        if stem not in stems
    ]
    if all(stem in _SINGLE for stem in stems):
        diagnostics.append(f"{folder}:1: holds no model file, expected one such as wan2.7.yaml")
    if diagnostics:
        raise SpecError(diagnostics)
    return paths


def wrong_name(stem: str, document: LineMap) -> list[str]:
    """`wan` tells of what kind a file is; it repeats the file's name."""
    family = _FAMILY.fullmatch(stem)
    if not family and stem not in _SINGLE:
        names = f"wan<version>.yaml, wanx<version>.yaml or one of {', '.join(_SINGLE)}"
        return [f"{stem}.yaml:1: has a name that says no kind of file, expected {names}"]
    due = family[1] if family else stem
    if document.get("wan") == due:
        return []
    met = f"wan is {safe_repr(document['wan'])}" if "wan" in document else "lacks wan"
    return [f'{stem}.yaml:{document.lines.get("wan", 1)}: {met}, expected "{due}", as the file is named']


def _wrong_shape(document: LineMap, path: Path) -> list[str]:
    """Told by a library that is loaded where there is something to check."""
    from wanlib.spec.source.schema_check import schema_diagnostics

    return schema_diagnostics(document, path.name, spec_folder() / SCHEMA)


def _rules(
    families: list[Family], bodies: Mapping[str, Node], documents: Mapping[str, LineMap]
) -> list[Rule]:
    rules = table_rules(documents["wire"], tuple(model for family in families for model in family.models))
    for node in bodies.values():
        rules += [rule for each in node.walk() for rule in each.rules]
    for family in families:
        rules += [rule for rule in (family.unknown, family.only_for) if rule]
        rules += [rule for field in family.walk() for rule in field.rules]
    return rules + task_rules(documents["task"])


def _table_facts(documents: Mapping[str, LineMap]) -> list[Fact]:
    return (
        table_facts(documents["wire"]) + task_facts(documents["task"]) + service_facts(documents["service"])
    )


def _digest(folder: Path, documents: Mapping[str, Any]) -> str:
    digest = hashlib.sha256()
    for stem in documents:
        digest.update((folder / f"{stem}.yaml").read_bytes())
    return digest.hexdigest()
