"""Names of fields and modes."""

import re
from keyword import iskeyword

from wanlib.spec.complaints import Complaints

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_TAKEN = frozenset({"model", "call", "count", "each", "fields"})


def check_name(what: str, name: str, line: int, complaints: Complaints) -> None:
    """A field or mode bears a name that can stand in expressions, in rule ids and in Python."""
    if not _NAME.fullmatch(name) or iskeyword(name) or name in _TAKEN:
        expected = "[a-z][a-z0-9_]*, and no word of Python or of the spec"
        complaints.add(line, f"the {what} name {name!r} can't be used", expected)
