"""The Python code of the README."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def write_python_blocks(folder: Path, section: str = "Quick start") -> list[Path]:
    """Write each Python block of a section to a file; return the files."""
    text = (ROOT / "README.md").read_text("utf-8").partition(f"## {section}")[2].partition("\n## ")[0]
    name = section.lower().replace(" ", "_")
    files = []
    for number, block in enumerate(re.findall(r"```python\n(.*?)```", text, re.DOTALL), 1):
        file = (folder / f"{name}_{number}.py").resolve()
        file.write_text(block, "utf-8")
        files.append(file)
    return files
