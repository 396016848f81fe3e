"""The access log: one line per request with its status, task and violated rules."""

import json
from collections.abc import Callable
from datetime import datetime

from wanlib.base.redaction import redact_text
from wanlib.base.wire_names import WireNames
from wanlib.emulator.core.http_messages import FAULT_HEADER, RULES_HEADER, Response

AccessLog = Callable[[str], None]
"""Takes a complete line, without a line break."""

_MAX_PATH = 200
_MAX_BODY = 4096
"""The maximum size of a response that is searched for a task id: larger ones have pictures and no id."""


def access_line(moment: float, method: str, path: str, response: Response, names: WireNames) -> str:
    """Format one exchange: `09:30:00 POST /api/v1/... 400 wan2.7/n.max;rejected`.

    Queries, headers and bodies are left out, so signatures, keys and images never appear.

    Args:
        moment: When the response was ready, seconds since 1970; shown as local time.
        method: The HTTP method.
        path: The path of the request, encoded or not; a query after it is cut off.
        response: The response, from which status, rules, fault and task id are taken.
        names: The names of members in responses.

    Returns:
        Time, method, path and status; then, as far as they are known, `task=ID`, the violated rules with
        their outcomes, and `fault=KIND`. Spaces and control characters within a field are escaped, so that
        no text of a request looks like another field or another line.
    """
    time = datetime.fromtimestamp(moment).strftime("%H:%M:%S")
    shown_path = redact_text(path.partition("?")[0][:_MAX_PATH]) or "/"
    fields = [time, _field(method[:20]), _field(shown_path), str(response.status)]
    if task_id := _task_id(response, names):
        fields.append(_field(f"task={task_id[:64]}"))
    if rules := response.header(RULES_HEADER):
        fields += map(_field, rules.split(" "))
    if fault := response.header(FAULT_HEADER):
        fields.append(_field(f"fault={fault}"))
    return " ".join(fields)


def _field(text: str) -> str:
    """Return a text without spaces and characters that cannot be printed: they are escaped."""
    printable = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
    return printable.replace(" ", "%20")


def _task_id(response: Response, names: WireNames) -> str:
    """Return the id of the task that a response is about, "" if there is none."""
    if "json" not in (response.header("content-type") or "") or len(response.parts) != 1:
        return ""
    if len(response.parts[0]) > _MAX_BODY:
        return ""
    try:
        task_id = json.loads(response.parts[0])[names.answer.output][names.task.id]
    except (ValueError, KeyError, TypeError):
        return ""
    return task_id if isinstance(task_id, str) else ""
