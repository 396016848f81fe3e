"""Generate code and schemas from a spec: validators, clients, tables, JSON Schema, OpenAPI.

`wanlib.cli` and the harness import it; generated code does not. Start reading in `output`.
"""

from wanlib.emit.output import FOLDER, generate_files

__all__ = ["FOLDER", "generate_files"]
