"""The life of a task as a table."""

from wanlib.emit.names import literal
from wanlib.emit.times import seconds
from wanlib.emit.validator import header
from wanlib.emit.writer import Writer
from wanlib.spec import Spec


def tasks(spec: Spec) -> str:
    """The text of `wanlib/generated/task.py`."""
    task = spec.task
    out = Writer()
    out.lines = header("task.yaml")
    states = task["states"]
    terminal = tuple(name for name, state in states.items() if state.get("terminal"))
    after = {name: tuple(state.get("next", ())) for name, state in states.items()}
    for line in (
        '"""The states of a task and the ways between them; times in seconds."""',
        "",
        f"INITIAL = {literal(task['initial'])}",
        f"NEXT: dict[str, tuple[str, ...]] = {literal(after)}",
        f"TERMINAL = frozenset({literal(terminal)})",
        f"CANCELABLE = frozenset({literal(tuple(task['cancelable']))})",
        f"EXPIRES_AFTER = {seconds(task['expires']['is'])}",
        f"EXPIRES_INTO = {literal(task['expires']['into'])}",
        f"LINKS_EXPIRE_AFTER = {seconds(task['links_expire']['is'])}",
    ):
        out.line(line)
    return out.text()
