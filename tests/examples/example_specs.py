"""The example specs of `examples/`, with their vectors."""

from dataclasses import dataclass
from pathlib import Path

from wanlib.spec import Rule, Spec, load

FOLDER = Path(__file__).parents[2] / "examples"


@dataclass(frozen=True, slots=True)
class Example:
    """An example.

    Attributes:
        name: The name of its folder and of its model file.
        folder: The overlay on the packaged spec.
    """

    name: str
    folder: Path

    @property
    def vectors(self) -> Path:
        """The folder of its vectors."""
        return self.folder / "vectors"

    def load(self) -> Spec:
        """Return the packaged spec with the example."""
        return load(self.folder)

    def rules(self, spec: Spec) -> list[Rule]:
        """Return the rules of its model file on request bodies."""
        return [
            rule
            for rule in spec.rules.values()
            if rule.scope == "body" and rule.id.startswith(f"{self.name}/")
        ]


EXAMPLES = [Example(path.stem, path.parent) for path in sorted(FOLDER.glob("*/*.yaml"))]
