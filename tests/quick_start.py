"""The code of the README's quick start."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def written(folder: Path) -> list[Path]:
    """Each of its Python blocks as a file."""
    section = (ROOT / "README.md").read_text("utf-8").partition("## Quick start")[2].partition("\n## ")[0]
    files = []
    for number, block in enumerate(re.findall(r"```python\n(.*?)```", section, re.DOTALL), 1):
        file = (folder / f"quick_start_{number}.py").resolve()
        file.write_text(block, "utf-8")
        files.append(file)
    return files
