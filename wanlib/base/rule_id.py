"""Rule ids taken apart."""

from typing import NamedTuple


class RuleId(NamedTuple):
    """`<file>/<path>.<kind>[:<mode>]`: the one name of a rule everywhere."""

    file: str
    path: str
    kind: str
    mode: str

    @property
    def field(self) -> str:
        """The last named member of the path: `images` in `images.each`."""
        names = [part for part in self.path.split(".") if part != "each"]
        return names[-1] if names else ""


def parse_rule_id(text: str) -> RuleId:
    """The parts of an id; parts that it lacks are empty."""
    rest, _, mode = text.partition(":")
    file, _, rest = rest.partition("/")
    path, _, kind = rest.rpartition(".")
    return RuleId(file, path, kind, mode)
