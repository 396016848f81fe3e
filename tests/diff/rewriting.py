"""Other ways to write the packaged spec that mean the same: modes, lists, orders, values, and remarks."""

import json
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from wanlib.spec.load import read_documents, spec_folder

Documents = dict[str, Any]
_SETS = ("one_of", "schemes", "formats")
_SIDE = re.compile(r"([0-9]+)\*([0-9]+)")
_RATIO = re.compile(r"([0-9]+):([0-9]+)")
_NOT_RULES = ("is", "source", "notes", "type", "of", "outcome")


class Rewrite(NamedTuple):
    """A change of the documents that no request can see."""

    name: str
    documents: Documents


def packaged_documents() -> Documents:
    """Return the packaged files as plain values."""
    return {stem: _plain(document) for stem, document in read_documents(spec_folder()).items()}


def write_spec(documents: Documents, folder: Path) -> None:
    """Write documents as a spec folder; JSON is YAML."""
    folder.mkdir(parents=True, exist_ok=True)
    for stem, document in documents.items():
        (folder / f"{stem}.yaml").write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")


def rewrites() -> Iterator[Rewrite]:
    """Yield every rewrite, one change each."""
    packaged = packaged_documents()
    families = [stem for stem, document in packaged.items() if "models" in document]
    for stem in families:
        yield _rewrite(packaged, f"{stem}: members in reverse", partial(_reverse_file, stem=stem))
        for path in _paths(packaged[stem], through_containers=True):
            if path[0] == "fields" and path[-1] != "fields" and isinstance(_at(packaged[stem], path), dict):
                yield _rewrite(packaged, f"{stem}: {'.'.join(path)} in reverse", _reverser(stem, path))
        for path in _paths(packaged[stem]):
            yield from _value_rewrites(packaged, stem, path)
        for mode in packaged[stem].get("modes", {}):
            yield from _mode_rewrites(packaged, stem, mode)


def _rewrite(packaged: Documents, name: str, change: Callable[[Documents], None]) -> Rewrite:
    documents = deepcopy(packaged)
    change(documents)
    assert documents != packaged or "reverse" in name, name
    return Rewrite(name, documents)


def _reverse_file(documents: Documents, stem: str) -> None:
    document = documents[stem]
    document["fields"] = dict(reversed(document["fields"].items()))
    documents[stem] = dict(reversed(document.items()))


def _reverser(stem: str, path: tuple[Any, ...]) -> Callable[[Documents], None]:
    return lambda documents: _setter(stem, path, dict(reversed(_at(documents[stem], path).items())))(
        documents
    )


# Values and remarks.


def _value_rewrites(packaged: Documents, stem: str, path: tuple[Any, ...]) -> Iterator[Rewrite]:
    value, name = _at(packaged[stem], path), f"{stem}: {'.'.join(map(str, path))}"
    key = path[-2] if path[-1] == "is" else path[-1]
    if path[0] != "fields":
        return
    if isinstance(value, list) and key in _SETS and len(value) > 1:
        yield _rewrite(packaged, f"{name} in another order", _setter(stem, path, value[::-1]))
    if isinstance(value, str) and key in ("min_ratio", "max_ratio") and (ratio := _RATIO.fullmatch(value)):
        other = f"{2 * int(ratio[1])}:{2 * int(ratio[2])}"
        yield _rewrite(packaged, f"{name} as {other}", _setter(stem, path, other))
    if isinstance(value, str) and key in ("min_pixels", "max_pixels") and (sides := _SIDE.fullmatch(value)):
        other = f"{2 * int(sides[1])}*{int(sides[2]) // 2}"
        yield _rewrite(packaged, f"{name} as {other}", _setter(stem, path, other))
    if isinstance(value, int | str | bool) and path[-1] not in _NOT_RULES:
        remark = {"is": value, "notes": "The same as before."}
        if not any(part in path for part in ("keywords", "keeps", "breaks", "mime", "default")):
            yield _rewrite(packaged, f"{name} with a remark", _setter(stem, path, remark))


def _setter(stem: str, path: tuple[Any, ...], value: Any) -> Callable[[Documents], None]:
    def change(documents: Documents) -> None:
        _at(documents[stem], path[:-1])[path[-1]] = value

    return change


# Modes.


def _mode_rewrites(packaged: Documents, stem: str, mode: str) -> Iterator[Rewrite]:
    text = packaged[stem]["modes"][mode]
    spellings = [f"not (not ({text}))", f"({text}) and ({text})", f"({text}) or ({text})"]
    parts = text.split(" and ")
    if len(parts) > 1 and "(" not in text:
        spellings += [
            " and ".join(reversed(parts)),
            f"not ({' or '.join(f'not ({part})' for part in parts)})",
        ]
    for spelling in spellings:
        yield _rewrite(
            packaged, f"{stem}: mode {mode} = {spelling}", _setter(stem, ("modes", mode), spelling)
        )
    yield _rewrite(
        packaged, f"{stem}: mode {mode} has another name", lambda copy: _rename_mode(copy, stem, mode)
    )
    yield _rewrite(packaged, f"{stem}: a second name for {mode}", lambda copy: _alias_mode(copy, stem, mode))
    for path in _paths(packaged[stem], through_containers=True):
        if path[-1] == f"when {mode}":
            yield from _split_rewrites(packaged, stem, path, mode)


def _rename_mode(documents: Documents, stem: str, mode: str) -> None:
    assert mode not in documents[stem]["fields"]
    text = json.dumps(documents[stem])
    documents[stem] = json.loads(re.sub(rf"(?<![\w.#]){mode}(?!\w)", f"{mode}_mode", text))
    _rename_rules(documents, rf"({stem}/[^\"]*:(?:not-)?){mode}", rf"\g<1>{mode}_mode")


def _rename_rules(documents: Documents, pattern: str, replacement: str) -> None:
    """Rename rules where statements of the pages name them."""
    text = json.dumps(documents["sources"])
    documents["sources"] = json.loads(re.sub(rf'"{pattern}"', f'"{replacement}"', text))


def _alias_mode(documents: Documents, stem: str, mode: str) -> None:
    """Let everything refer to a mode that only names the first one."""
    modes = documents[stem].pop("modes")
    text = re.sub(rf"(?<![\w.#]){mode}(?!\w)", "again", json.dumps(documents[stem]))
    documents[stem] = {**json.loads(text), "modes": {**modes, "again": mode}}
    _rename_rules(documents, rf"({stem}/[^\"]*:(?:not-)?){mode}", r"\g<1>again")


def _split_rewrites(packaged: Documents, stem: str, path: tuple[Any, ...], mode: str) -> Iterator[Rewrite]:
    """State a base rule under the opposite of the only variant's mode."""
    field = _at(packaged[stem], path[:-1])
    if sum(str(key).startswith("when ") for key in field) != 1:
        return
    kinds = [kind for kind in field[path[-1]] if kind in field and kind not in ("default", "keywords")]
    if not kinds:
        return

    def change(documents: Documents) -> None:
        owner = _at(documents[stem], path[:-1])
        owner[f"when not {mode}"] = {kind: owner.pop(kind) for kind in kinds}
        field_path = ".".join(step for step in path[1:-1] if step != "fields")
        for kind in kinds:
            _rename_rules(
                documents, re.escape(f"{stem}/{field_path}.{kind}"), f"{stem}/{field_path}.{kind}:not-{mode}"
            )

    yield _rewrite(packaged, f"{stem}: {'.'.join(map(str, path))} with its opposite", change)


# Documents.


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _paths(value: Any, *, through_containers: bool = False) -> Iterator[tuple[Any, ...]]:
    """Yield the paths of values: of lists and scalars, and of mappings too if asked for."""
    if not isinstance(value, dict):
        return
    for key, item in value.items():
        if not isinstance(item, dict) or through_containers:
            yield (key,)
        for inner in _paths(item, through_containers=through_containers):
            yield (key, *inner)


def _at(value: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        value = value[step]
    return value
