"""A folder of spec files to a Spec: strict YAML, then shape, then meaning."""

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from wanlib.spec.bodies import BodyBuilder
from wanlib.spec.complaints import Complaints
from wanlib.spec.errors import SpecError
from wanlib.spec.family import build_family
from wanlib.spec.model import Family, Node, Rule, Spec
from wanlib.spec.reader import Map, read_file
from wanlib.spec.shape import shape_complaints
from wanlib.spec.tables import table_facts, table_rules, task_rules
from wanlib.spec.whole import check_whole

SCHEMA = "spec.schema.json"
_SINGLE = ("task", "wire", "sources")


def spec_folder() -> Path:
    """The packaged spec: beside this module in a wheel, at the top of a checkout."""
    packaged = Path(__file__).with_name("files")
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "spec"


def load(folder: Path | None = None) -> Spec:
    """The Spec of a folder (the packaged one unless given).

    Raises SpecError with every complaint, each as `file:line: what, expected what`.
    """
    return _packaged() if folder is None else _load(folder)


@cache
def _packaged() -> Spec:
    return _load(spec_folder())


def _load(folder: Path) -> Spec:
    documents = _documents(folder)
    wire = documents["wire"]
    gathered = Complaints("wire.yaml")
    builder = BodyBuilder(wire["source"], gathered)
    bodies = {name: builder.body(name, raw) for name, raw in wire["bodies"].items()}
    complaints = gathered.lines
    families, facts = [], []
    for stem, document in documents.items():
        if stem not in _SINGLE:
            gathered = Complaints(f"{stem}.yaml")
            family, own = build_family(stem, document, bodies.get(document["body"]), gathered)
            complaints += gathered.lines
            families.append(family)
            facts += own
    rules = _rules(families, bodies, documents)
    spec = Spec(
        families=tuple(families),
        bodies=MappingProxyType(bodies),
        wire=MappingProxyType(wire),
        task=MappingProxyType(documents["task"]),
        sources=MappingProxyType(documents["sources"]),
        rules=MappingProxyType({rule.id: rule for rule in rules}),
        facts=MappingProxyType({fact.id: fact for fact in facts + table_facts(wire)}),
        digest=_digest(folder, documents),
    )
    complaints += check_whole(spec, documents)
    if complaints:
        raise SpecError(complaints)
    return spec


def _documents(folder: Path) -> dict[str, Map]:
    """Every file by its stem: model files newest first, so that `wan2.7` opens every list."""
    paths = sorted(sorted(folder.glob("*.yaml"), reverse=True), key=lambda path: path.stem.startswith("wanx"))
    stems = [path.stem for path in paths]
    missing = [stem for stem in _SINGLE if stem not in stems]
    if missing:
        raise SpecError(
            [f"{stem}.yaml:1: is missing in {folder}, expected beside the model files" for stem in missing]
        )
    documents: dict[str, Map] = {}
    complaints: list[str] = []
    for path in paths:
        try:
            documents[path.stem] = read_file(path)
        except SpecError as error:
            complaints += error.complaints
            continue
        complaints += shape_complaints(documents[path.stem], path.name, spec_schema(folder))
        complaints += _right_name(path.stem, documents[path.stem])
    if complaints:
        raise SpecError(complaints)
    return documents


def spec_schema(folder: Path) -> Path:
    """The shape to hold a folder's files against: its own, or the packaged one."""
    own = folder / SCHEMA
    return own if own.is_file() else spec_folder() / SCHEMA


def _right_name(stem: str, document: Map) -> list[str]:
    wan = str(document.get("wan"))
    if (stem in _SINGLE) == (wan == stem) and (
        wan == stem or stem.removeprefix("wan").removeprefix("x") == wan
    ):
        return []
    expected = (
        stem if stem in _SINGLE else f'"{stem.removeprefix("wan").removeprefix("x")}", as the file is named'
    )
    return [f"{stem}.yaml:{document.lines.get('wan', 1)}: wan is {wan!r}, expected {expected}"]


def _rules(families: list[Family], bodies: Mapping[str, Node], documents: Mapping[str, Map]) -> list[Rule]:
    rules = table_rules(documents["wire"], tuple(model for family in families for model in family.models))
    for node in bodies.values():
        rules += [rule for each in node.walk() for rule in each.rules]
    for family in families:
        rules.append(family.unknown)
        rules += [rule for field in family.walk() for rule in field.rules]
    return rules + task_rules(documents["task"])


def _digest(folder: Path, documents: Mapping[str, Any]) -> str:
    digest = hashlib.sha256()
    for stem in documents:
        digest.update((folder / f"{stem}.yaml").read_bytes())
    return digest.hexdigest()
