"""Texts that try to become code, and their places in the spec files: every key, value and list item."""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import cycle
from time import perf_counter
from typing import Any, NamedTuple

from tests.effects.generated_names import MARK, foreign_names, names_of
from tests.effects.spec_values import Documents, Path, SpecValue, find_values, replace_value, with_item
from wanlib.emit.output import generate_unformatted
from wanlib.emit.python_text import EmitError
from wanlib.spec import SpecError
from wanlib.spec.load import build, read_documents, spec_folder
from wanlib.spec.source.schema_check import SCHEMA, schema_diagnostics
from wanlib.spec.source.yaml_reader import LineList, LineMap

TEXTS = (
    f"{{{MARK}()}}",
    f"{{0}}{{{MARK}}}%({MARK})s",
    f"'+{MARK}()+'",
    f'"+{MARK}()+"',
    f'"""\n{MARK}()\n"""',
    f"'''\n{MARK}()\n'''",
    f"\n    {MARK}()\n",
    f"# \r{MARK}()\u2028{MARK}()\x0c{MARK}()",
    f")]}}\n{MARK}()\n{{[(",
    f"\\{MARK}()\\",
    f"\\N{{{MARK}}}\\x7b{MARK}()\\x7d",
    f"{MARK}()",
    MARK,
    MARK.lower(),
    "__import__",
    "x: (lambda: 0)()",
    f"\x1b]0;{MARK}\x07\u202e",
)


class Attack(NamedTuple):
    """A text at a place. where: for the report."""

    where: str
    documents: Documents

    def __str__(self) -> str:
        return self.where


def attacks(documents: Documents, places: Iterable[SpecValue], every: bool = False) -> Iterator[Attack]:
    """Yield the documents with a text at each place: as value, before and behind it, as item, as key.

    Args:
        documents: The files of the original.
        places: The places.
        every: Try every text at each place; else they take turns.
    """
    turns = cycle(TEXTS)
    seen: set[tuple[str, Path]] = set()
    for place in places:
        for text in TEXTS if every else (next(turns),):
            for what, value in _values(place.value, text):
                yield Attack(f"{place}: {what} {text!r}", replace_value(documents, place, value))
        for end in range(1, len(place.path) + 1):
            path = place.path[:end]
            if (place.file, path) in seen or not isinstance(key := path[-1], str):
                continue
            seen.add((place.file, path))
            for text in TEXTS if every else (next(turns),):
                for name in (text, f"{key}{text}"):
                    changed = renamed(documents[place.file], path, name)
                    yield Attack(f"{place}: key {key!r} as {name!r}", {**documents, place.file: changed})


def _values(value: Any, text: str) -> Iterator[tuple[str, Any]]:
    yield "value", text
    if isinstance(value, str):
        yield "behind the value", f"{value}{text}"
        yield "before the value", f"{text}{value}"
    elif isinstance(value, LineList):
        yield "item", with_item(value, text)


def renamed(where: Any, path: Path, name: str) -> Any:
    """Return a mapping with the last key of a path renamed, in its order."""
    step, *rest = path
    if isinstance(where, LineList):
        items = LineList(where.line)
        items.lines = where.lines
        items.extend(
            renamed(item, tuple(rest), name) if at == step else item for at, item in enumerate(where)
        )
        return items
    copy = LineMap(where.line)
    for key, inner in where.items():
        new = name if key == step and not rest else key
        copy[new] = renamed(inner, tuple(rest), name) if key == step and rest else inner
        copy.lines[new] = where.lines[key]
    return copy


REFUSED, HARMLESS = "refused", "harmless"


class Attacker:
    """Generates code from attacked specs and compares what it refers to with the code of the original."""

    def __init__(self, documents: Documents) -> None:
        self.documents = documents
        self.places = [*find_values(documents)]
        self.clean = generate_unformatted(build(documents, ""))
        self.names = names_of(self.clean.values())

    def outcome(self, attack: Attack) -> str:
        """Return REFUSED, HARMLESS, or what is wrong.

        The schema is left out, so that the emitters are attacked even where it would refuse a text; any
        exception is a refusal then, if the schema refuses the documents as well.
        """
        try:
            texts = generate_unformatted(build(attack.documents, ""))
        except (SpecError, EmitError):
            return REFUSED
        except Exception as error:
            return REFUSED if _is_refused(attack.documents) else f"{type(error).__name__}: {error}"
        try:
            foreign = foreign_names(texts, self.names, self.clean)
        except SyntaxError as error:
            return REFUSED if _is_refused(attack.documents) else f"not Python: {error}"
        return ", ".join(foreign) or HARMLESS


def _is_refused(documents: Documents) -> bool:
    schema = spec_folder() / SCHEMA
    return any(schema_diagnostics(document, file, schema) for file, document in documents.items())


def main(texts: list[str]) -> int:
    """Attack the places whose `file:line: path` contains one of the texts, each with every hostile text.

    Without a text, attack all places, each with another one.

    Returns:
        1 if a text becomes code, or a spec is neither refused nor emitted; else 0.
    """
    started, attacker, counts = perf_counter(), Attacker(read_documents(spec_folder())), Counter[str]()
    chosen = [place for place in attacker.places if not texts or any(text in str(place) for text in texts)]
    for attack in attacks(attacker.documents, chosen, every=bool(texts)):
        outcome = attacker.outcome(attack)
        is_bad = outcome not in (REFUSED, HARMLESS)
        counts["bad" if is_bad else outcome] += 1
        if is_bad:
            print(f"{attack}: {outcome}", flush=True)
    summary = ", ".join(f"{count} {outcome}" for outcome, count in counts.most_common())
    print(f"{len(chosen)} places, {counts.total()} attacks in {perf_counter() - started:.0f} s: {summary}")
    return 1 if counts["bad"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
