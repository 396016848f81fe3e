"""A failing case as a vector, and the patch that adds it as a regression test.

A patch creates a separate file in a folder `vectors`, so that patches never conflict. In a checkout of this
project they belong to the packaged vectors, elsewhere to the folder that `wan-conformance run --vectors`
names.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from shlex import quote
from typing import Any

import yaml

from wan_conformance.model import Verdict

_PACKAGE = Path(__file__).parents[2]
"""The folder of the harness, which has the packaged vectors."""
_STATEMENT = re.compile(r"[a-z0-9]+#[a-z0-9.-]+")


def vector_of(verdict: Verdict, rule: str | None, cause: str, run: Mapping[str, Any]) -> str | None:
    """Return a failing case as the text of a vector file.

    Args:
        verdict: The verdict.
        rule: The rule at fault; None if there are several.
        cause: The id of the cause, which becomes part of the id of the vector.
        run: The first line of the log.

    Returns:
        The text; None if the case is a vector already, if its body cannot be written, or if no statement of
        the documents is known for its rules.
    """
    details, rule = verdict.reproduction, rule or verdict.rule
    if details is None or details.template is None or verdict.place:
        return None
    statement = _statement(details.violates, rule, run)
    if statement is None:
        return None
    entry = {
        "id": f"found-{_slug(rule or 'body')}-{cause}",
        "statement": statement,
        **({"call": details.call} if details.call else {}),
        "body": details.template,
        "expect": list(details.violates),
    }
    names = {"id": entry["id"], "statement": statement, "call": details.call}
    lines = [f"{name}: {value}" for name, value in names.items() if value]
    lines += [f"{name}: {_flow(entry[name])}" for name in ("body", "expect")]
    text = "- " + "\n  ".join(lines) + "\n"
    try:
        is_same = yaml.safe_load(text) == [entry]
    except yaml.YAMLError:
        is_same = False
    return text if is_same else None


def patch_path(vector: str, folder: Path) -> Path:
    """Return the path of the patch that adds a vector.

    Args:
        vector: The text of `vector_of`.
        folder: The folder with patches.
    """
    return folder / f"{_id(vector)}.patch"


def write_vector_patch(vector: str, folder: Path) -> Path:
    """Write the patch that adds a vector, as a separate file, and return its path.

    Args:
        vector: The text of `vector_of`.
        folder: The folder for the patch; created if it is missing.
    """
    name, lines, path = _id(vector), vector.splitlines(), patch_path(vector, folder)
    folder.mkdir(parents=True, exist_ok=True)
    head = [
        f"diff --git a/vectors/{name}.yaml b/vectors/{name}.yaml",
        "new file mode 100644",
        "--- /dev/null",
        f"+++ b/vectors/{name}.yaml",
        f"@@ -0,0 +1,{len(lines)} @@",
    ]
    text = "\n".join([*head, *(f"+{line}" for line in lines)]) + "\n"
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def remove_patches(folder: Path) -> None:
    """Remove the patches of an earlier run."""
    for path in folder.glob("found-*.patch"):
        path.unlink()


def apply_command(patch: Path, run: Mapping[str, Any]) -> str:
    """Return the command that applies a patch, from the folder in which the run was started.

    Args:
        patch: The patch.
        run: The first line of the log.
    """
    is_packaged = run.get("arguments", {}).get("spec") is None and _PACKAGE.is_relative_to(Path.cwd())
    words = ["git", "apply"]
    if is_packaged and "site-packages" not in _PACKAGE.parts:
        words.append(f"--directory={_PACKAGE.relative_to(Path.cwd()).as_posix()}")
    return " ".join(map(quote, [*words, str(patch)]))


def _statement(violates: tuple[str, ...], rule: str | None, run: Mapping[str, Any]) -> str | None:
    """Return the statement that a vector tests: of the rule at fault, else of a rule that it violates."""
    statements: Mapping[str, str] = run.get("statements", {})
    order = [rule] if rule in violates or not violates else []
    found = (statements.get(name or "") for name in (*order, *violates))
    return next((statement for statement in found if statement and _STATEMENT.fullmatch(statement)), None)


def _id(vector: str) -> str:
    return vector.removeprefix("- id: ").partition("\n")[0]


def _slug(rule: str) -> str:
    """Return a rule id as a part of a vector id."""
    return re.sub(r"[^a-z0-9.]+", "-", rule.lower()).strip("-.")


def _flow(value: Any) -> str:
    """Return a value as JSON that is also YAML 1.1 on one line: unprintable characters are escaped."""
    text = json.dumps(value, ensure_ascii=False)
    return "".join(char if char.isprintable() else _escape(ord(char)) for char in text)


def _escape(code: int) -> str:
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
