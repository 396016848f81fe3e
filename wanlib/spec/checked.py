"""Files that are known, by their content, to have the shape of a spec file: `wanlib emit` lists what it read.

To check a shape takes longer than to do all the rest, and the packaged files do not change.
"""

import hashlib
from pathlib import Path

LIST = "checked.sha256"
"""Its name. It is written as `sha256sum` writes and reads it."""

SCHEMA = "spec.schema.json"


def digest_of(raw: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(raw).hexdigest()


def listing(folder: Path) -> str:
    """The list of a folder whose files were all checked, by the schema that stands beside them."""
    paths = sorted([*folder.glob("[!.]*.yaml"), folder / SCHEMA])
    return "".join(f"{digest_of(path.read_bytes())}  {path.name}\n" for path in paths)


def checked(folder: Path) -> frozenset[str]:
    """The digests on the list of a folder; none where its schema is not the one that they were checked by."""
    try:
        lines = (folder / LIST).read_text("ascii").splitlines()
    except (OSError, ValueError):
        return frozenset()
    digests = frozenset(line.partition(" ")[0] for line in lines)
    return digests if digest_of((folder / SCHEMA).read_bytes()) in digests else frozenset()
