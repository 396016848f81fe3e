"""The instructions of a Dockerfile, and the shell commands of its RUN lines for another root folder."""

import re
from pathlib import Path
from typing import NamedTuple


class Instruction(NamedTuple):
    """An instruction, such as COPY, and the rest of its line."""

    kind: str
    rest: str


def instructions(text: str) -> list[Instruction]:
    """Return the instructions in order, without comments and with continued lines joined."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [Instruction(*line.split(maxsplit=1)) for line in joined.splitlines() if line.strip()]


def shell_command(run: str, folders: dict[str, Path]) -> str:
    """Return the command of a RUN instruction for a machine where folders of the image are elsewhere.

    Args:
        run: The instruction without RUN.
        folders: The place of each absolute folder of the image.
    """
    command = re.sub(r"^(--\S+ )+", "", run)
    for name, place in folders.items():
        command = re.sub(rf"(?<![\w.]){re.escape(name)}\b", str(place), command)
    return command
