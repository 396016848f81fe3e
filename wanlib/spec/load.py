"""Load a spec from its files: strict YAML, then the schema, then the semantics.

`load` is the entry point. The steps are public for tools that change documents before they are built:
`read_documents` reads and checks the files, `build` makes the Spec.
"""

import hashlib
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from wanlib.spec.build.applicability import form_with_models, restrict_to_models
from wanlib.spec.build.bodies import BodyFormBuilder
from wanlib.spec.build.family import build_family
from wanlib.spec.build.member_names import with_only_for
from wanlib.spec.model.errors import Diagnostics, SpecError
from wanlib.spec.model.model import Fact, Family, Node, Rule
from wanlib.spec.model.spec import Spec
from wanlib.spec.source.files import SpecFiles, find_files, name_diagnostics
from wanlib.spec.source.schema_check import SCHEMA, known_digests, schema_diagnostics, sha256_hex
from wanlib.spec.source.yaml_reader import LineMap, read_file
from wanlib.spec.tables.cross_file_checks import check_references
from wanlib.spec.tables.own_tables import merge_sources, merge_wire, model_files, own_facts
from wanlib.spec.tables.table_rules import service_facts, table_facts, table_rules, task_facts, task_rules


def spec_folder() -> Path:
    """Return the packaged spec: next to this module, or at the top of a checkout."""
    packaged = Path(__file__).with_name("files")
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "spec"


def load(folder: Path | None = None, *, alone: bool = False) -> Spec:
    """Load the Spec of a folder.

    Args:
        folder: An overlay on the packaged spec, or a complete spec (see `spec/README.md`). None for
            the packaged spec, which is loaded once.
        alone: Whether the folder is complete even if its `wire.yaml` does not state `extends: none`.

    Raises:
        SpecError: A file is missing or invalid. It has every diagnostic, each as
            `file:line: problem, expected ...`.
    """
    return _load_packaged() if folder is None else _load_folder(folder, alone)


@cache
def _load_packaged() -> Spec:
    return _load_folder(spec_folder(), True)


def _load_folder(folder: Path, alone: bool) -> Spec:
    files = find_files(folder, spec_folder(), alone=alone)
    return build(read_files(files), files_digest(files), files.own)


def read_documents(folder: Path) -> dict[str, LineMap]:
    """Read every file of a spec, and check each against the schema.

    Args:
        folder: A folder of spec files: an overlay on the packaged spec, or a complete spec.

    Returns:
        The files by stem, model files newest first.

    Raises:
        SpecError: A file is missing, is not strict YAML, or does not match the schema.
    """
    return read_files(find_files(folder, spec_folder()))


def read_files(files: SpecFiles) -> dict[str, LineMap]:
    """Read the files of a spec, as `read_documents` does."""
    documents: dict[str, LineMap] = {}
    diagnostics: list[str] = []
    known = known_digests(spec_folder())
    for stem, path in files.paths.items():
        try:
            document = documents[stem] = read_file(path)
        except SpecError as error:
            diagnostics += error.diagnostics
            continue
        problems = name_diagnostics(stem, document)
        if not problems and sha256_hex(path.read_bytes()) not in known:
            problems = schema_diagnostics(document, path.name, spec_folder() / SCHEMA)
        diagnostics += problems
    if diagnostics:
        raise SpecError(*diagnostics)
    return documents


def build(documents: Mapping[str, LineMap], digest: str, own: Collection[str] | None = None) -> Spec:
    """Build the Spec of documents that match the schema.

    Args:
        documents: The files by stem, in the order of `read_documents`.
        digest: The digest of the Spec.
        own: The stems of the files of an overlay: rows of the other files that it leaves without an
            effect are not reported. None means that all files belong together.

    Raises:
        SpecError: The documents are semantically invalid; it has every diagnostic.
    """
    own = frozenset(documents) if own is None else own
    wire = merge_wire(documents)
    families, bodies, facts = _families(documents, wire)
    rules = _rules(families, bodies, wire, documents["task"])
    facts += (
        table_facts(documents["wire"]) + task_facts(documents["task"]) + service_facts(documents["service"])
    )
    spec = Spec(
        families=tuple(families),
        bodies=MappingProxyType(bodies),
        wire=MappingProxyType(wire),
        task=MappingProxyType(documents["task"]),
        service=MappingProxyType(documents["service"]),
        sources=MappingProxyType(merge_sources(documents)),
        rules=MappingProxyType({rule.id: rule for rule in rules}),
        facts=MappingProxyType({fact.id: fact for fact in facts}),
        digest=digest,
    )
    if diagnostics := check_references(spec, documents, own):
        raise SpecError(*diagnostics)
    return spec


def _families(
    documents: Mapping[str, LineMap], wire: LineMap
) -> tuple[list[Family], dict[str, Node], list[Fact]]:
    """Build the body forms and the model files, each checked separately. wire: has the rows of all files."""
    wire_diagnostics = Diagnostics("wire.yaml")
    builder = BodyFormBuilder(documents["wire"]["source"], wire_diagnostics)
    bodies = {name: builder.body(name, raw) for name, raw in documents["wire"]["bodies"].items()}
    diagnostics = wire_diagnostics.lines
    families, facts = [], []
    for stem, document in model_files(documents).items():
        file_diagnostics = Diagnostics(f"{stem}.yaml")
        form = bodies.get(document["body"])
        form = form.with_fields(document["fields"]) if form else None
        family, family_facts = build_family(stem, document, form, file_diagnostics)
        diagnostics += file_diagnostics.lines
        families.append(family)
        facts += family_facts + own_facts(stem, document, file_diagnostics.file)
    if diagnostics:
        raise SpecError(*diagnostics)
    for name, form in [*bodies.items()]:
        users = [family for family in families if family.body == name]
        if users:
            bodies[name] = form_with_models(form, users)
        else:  # an overlay can leave a packaged form without models
            del bodies[name]
    restricted = [restrict_to_models(family, wire["endpoints"]) for family in families]
    families, exclusion_facts, diagnostics = with_only_for(restricted, bodies, documents)
    if diagnostics:
        raise SpecError(*diagnostics)
    return families, bodies, facts + exclusion_facts


def _rules(families: list[Family], bodies: Mapping[str, Node], wire: LineMap, task: LineMap) -> list[Rule]:
    """Return all rules in spec order."""
    rules = table_rules(wire, tuple(model for family in families for model in family.models))
    for form in bodies.values():
        rules += [rule for node in form.walk() for rule in node.rules]
    for family in families:
        rules += [rule for rule in (family.unknown, family.only_for) if rule]
        rules += family.call_rules.values()
        rules += [rule for field in family.walk() for rule in field.rules]
    return rules + task_rules(task)


def files_digest(files: SpecFiles) -> str:
    """Return the SHA-256 of the content of all files, in hex."""
    digest = hashlib.sha256()
    for path in files.paths.values():
        digest.update(path.read_bytes())
    return digest.hexdigest()
