"""Create the files of a new model from another: an overlay with its model file, and stubs of vectors.

`copy_model_file` returns the text of the model file. The sources of the copy are a page of the new model,
with placeholders for statements, because the pages of the other model do not cover this one.
`vector_stubs` returns the text of the vectors.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from textwrap import fill

from wanlib.spec.lint import PLACEHOLDER
from wanlib.spec.load import load, spec_folder
from wanlib.spec.model.errors import SpecError
from wanlib.spec.model.model import Fact, Family, Rule
from wanlib.spec.model.spec import Spec
from wanlib.spec.source.files import SINGLE_FILES, name_problems, short_name

_SOURCE = re.compile(r"\bsource: [a-z0-9]+#([a-z0-9.-]+)")
_OFFERS = ("regions", "rates", "prices")
_OFFER, _NAMES = "offer", "names"
_GROUPS = {"only_for": _NAMES, "unknown": _NAMES, "calls": _OFFER, "rates": _OFFER, "prices": _OFFER}
"""The statement for rules on no field; the rules of a field share a statement with the field's name."""
_WIDTH = 110


def copy_model_file(name: str, like: Family, folder: Path) -> str:
    """Return the text of a model file that is a copy of another.

    Args:
        name: The name of the new file, without `.yaml`.
        like: The packaged family to copy.
        folder: The overlay that the file is for; its other files are loaded with it. It need not exist.

    Raises:
        SpecError: The name is not free or cannot be used, or the overlay does not load with the file.
    """
    if problems := [*name_problems([name]), *_taken(name)]:
        raise SpecError(*problems)
    text, sections = _renamed(name, like)
    text = f"{text.rstrip()}\n\n{_page(name, sections)}"
    return f"{text}{_statements(load_with(folder, name, text), name)}"


def load_with(folder: Path, name: str, text: str) -> Spec:
    """Return the spec of an overlay with one more model file, which is not written to the overlay.

    Args:
        folder: The overlay; it need not exist.
        name: The name of the file, without `.yaml`.
        text: The text of the file.

    Raises:
        SpecError: The overlay does not load with the file.
    """
    with TemporaryDirectory() as copy:
        for path in folder.glob("[!.]*.yaml"):
            copyfile(path, Path(copy) / path.name)
        (Path(copy) / f"{name}.yaml").write_text(text, "utf-8")
        return load(Path(copy))


def _taken(name: str) -> Iterator[str]:
    """Yield the problem of a name that a packaged file already has."""
    if name in SINGLE_FILES or (spec_folder() / f"{name}.yaml").exists():
        yield f"{name}.yaml:1: is a file of the packaged spec, expected a new name"


def _renamed(name: str, like: Family) -> tuple[str, list[str]]:
    """Return the copy with its names replaced, and the sections of the page that it names."""
    text = (spec_folder() / f"{like.name}.yaml").read_text("utf-8")
    text = re.sub(r"\A(#.*\n)*", "", text)
    text = re.sub(r"^wan: .*", f'wan: "{short_name(name)}"', text, count=1, flags=re.MULTILINE)
    for model in like.models:
        text = re.sub(rf"(?<![\w.-]){re.escape(model)}(?![\w.-])", _new_model(model, name, like.name), text)
    sections = ["calls", *_SOURCE.findall(text)]
    text = _SOURCE.sub(rf"source: {_page_id(name)}#\1", text)
    models = ", ".join(like.models)
    for table in _OFFERS:
        marked = (
            rf"# {PLACEHOLDER}: these are the {table} of {models}; state those of the new model.\n{table}:"
        )
        text = re.sub(rf"^{table}:", marked, text, count=1, flags=re.MULTILINE)
    header = f"# {name}: a copy of {like.name}.yaml, to be compared with the page of the new model."
    return f"{header}\n{text}", list(dict.fromkeys(sections))


def _new_model(model: str, name: str, like: str) -> str:
    return f"{name}{model.removeprefix(like)}" if model.startswith(like) else f"{name}-{model}"


def _page_id(name: str) -> str:
    return re.sub("[^a-z0-9]", "", name)


def _page(name: str, sections: Iterable[str]) -> str:
    """Return the page of the new model, as a placeholder."""
    listed = fill(
        f"sections: [{', '.join(sections)}]",
        _WIDTH,
        initial_indent=" " * 6,
        subsequent_indent=" " * 17,
        break_on_hyphens=False,
    )
    lines = ["sources:", "  pages:", f"    {_page_id(name)}:", f"      title: {PLACEHOLDER}"]
    return "\n".join([*lines, f"      read: {PLACEHOLDER}", listed, ""])


def _statements(spec: Spec, name: str) -> str:
    """Return placeholders for the statements of the new model, one for each field."""
    lines = ["  statements:"]
    for statement, (section, ids) in _ids_by_statement(spec, name).items():
        rules = fill(
            f"rules: [{', '.join(ids)}]",
            _WIDTH,
            initial_indent=" " * 6,
            subsequent_indent=" " * 14,
            break_on_hyphens=False,
            break_long_words=False,
        )
        lines += [f"    {statement}:", f"      section: {section}", f"      says: {PLACEHOLDER}", rules]
    return "\n".join(lines) + "\n"


def _ids_by_statement(spec: Spec, name: str) -> dict[str, tuple[str, list[str]]]:
    """Return the section of each statement, and the rules and facts that it is about."""
    fields = {field.name for family in spec.families if family.name == name for field in family.fields}
    statements: dict[str, tuple[str, list[str]]] = {
        f"{_page_id(name)}#{_OFFER}": ("calls", ["wire/endpoints", "wire/regions"])
    }
    entries: list[Rule | Fact] = [*spec.rules.values(), *spec.facts.values()]
    for entry in entries:
        group = re.split("[.:]", entry.id.removeprefix(f"{name}/"))[0]
        is_about = entry.id in spec.rules or group in (*fields, *_OFFERS)
        if entry.id.startswith(f"{name}/") and is_about:
            section = entry.source.partition("#")[2]
            statements.setdefault(_statement_of(name, group), (section, []))[1].append(entry.id)
    return statements


def _statement_of(name: str, group: str) -> str:
    return f"{_page_id(name)}#{_GROUPS.get(group, group).lower().replace('_', '-')}"


def vector_stubs(spec: Spec, name: str, body: str) -> str:
    """Return the text of a file of vectors: the smallest valid body, and a stub for each rule as a comment.

    Args:
        spec: The spec with the new model.
        name: The name of the model file, without `.yaml`.
        body: The smallest valid body, as JSON.
    """
    least = f"- id: {name}-least\n  statement: {_page_id(name)}#{_OFFER}\n  body: {body}\n  expect: []\n"
    stubs = []
    for rule in spec.rules.values():
        path = rule.id.removeprefix(f"{name}/")
        if path != rule.id and rule.scope == "body":
            vector = re.sub("[^a-z0-9]+", "-", path.lower())
            statement = _statement_of(name, re.split("[.:]", path)[0])
            stubs.append(
                f"\n# - id: {name}-{vector}\n#   statement: {statement}\n#   body: {body}\n"
                f'#   expect: ["{rule.id}"]\n'
            )
    return (
        f"# Vectors of {name}: write them from its page, not from its spec file.\n\n{least}\n"
        f"# {PLACEHOLDER}: a stub for each rule. Change its body to one just beyond the limit, and add one\n"
        f"# at the limit with `expect: []`.\n{''.join(stubs)}"
    )
