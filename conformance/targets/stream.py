"""Server-sent events, as far as a judge of answers needs them."""

import json
from collections.abc import Iterator, Sequence
from typing import Any


def events(text: str) -> Iterator[Any]:
    """The JSON of each event; None for one that holds none."""
    for block in text.replace("\r\n", "\n").replace("\r", "\n").split("\n\n"):
        data = [line[5:].removeprefix(" ") for line in block.split("\n") if line.startswith("data:")]
        if data:
            yield _json("\n".join(data))


def last_reason(bodies: Sequence[Any]) -> Any:
    """The finish_reason of the last event, all of them being of the form that is due."""
    choices = bodies[-1]["output"]["choices"]
    return choices[-1]["finish_reason"] if choices else None


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
