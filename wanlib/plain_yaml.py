"""A safe YAML loader that refuses a mapping with the same key twice, for vectors and other lists of entries.

`wanlib.spec.source` reads spec files with a stricter reader; a vector may have any text, number or macro.
"""

from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from yaml import SafeLoader as _Loader
else:  # libyaml if PyYAML was built with it: the same result, ten times as fast
    _Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class RepeatedKeyError(ValueError):
    """A mapping has a key twice.

    Attributes:
        line: The line of the second one, from 1.
    """

    def __init__(self, key: str, line: int) -> None:
        """Create the error for a key and its line."""
        self.line = line
        super().__init__(f"line {line}: the key {key!r} is repeated")


class YamlLoader(_Loader):
    """The safe loader of PyYAML, which also refuses a mapping that has a key twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Return the mapping of a node. Raise RepeatedKeyError if it has a key twice."""
        keys = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if (key.tag, key.value) in keys:
                raise RepeatedKeyError(key.value, key.start_mark.line + 1)
            keys.add((key.tag, key.value))
        return super().construct_mapping(node, deep)


YAML_ERRORS = (yaml.YAMLError, ValueError, RecursionError)
"""The exceptions for a text that is not plain YAML; ValueError is also for a date such as 2026-13-45."""


def yaml_problem(error: Exception) -> str:
    """Return on one line why a text cannot be read as YAML."""
    return "it is nested too deeply" if isinstance(error, RecursionError) else " ".join(str(error).split())
