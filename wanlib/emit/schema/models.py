"""The names of a model in JSON Schema: its own, and the ids of fine-tuned models."""

import re
from collections.abc import Sequence

from wanlib.emit.schema.keywords import END
from wanlib.spec import Spec


def models_pattern(spec: Spec, models: Sequence[str]) -> str:
    """Return the pattern of the ids that name one of some models, or a fine-tuned model made from one."""
    ending = f"(?:{spec.fine_tuned_ending})?" if spec.fine_tuned_ending else ""
    return f"^(?:{'|'.join(_base(model, spec.models) for model in models)}){ending}{END}"


def _base(model: str, models: Sequence[str]) -> str:
    """Return a pattern for a model that does not match the longer names that begin with it."""
    longer = [re.escape(name[len(model) :]) for name in models if name.startswith(f"{model}-")]
    unless = f"(?!(?:{'|'.join(longer)})(?:-|{END}))" if longer else ""
    return re.escape(model).replace(r"\-", "-") + unless
