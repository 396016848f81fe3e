"""`BatchJob`: one call of a batch, and the problems of jobs that cannot be sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from wanlib.base.redaction import safe_repr
from wanlib.client.call.options import check_label
from wanlib.errors import InvalidArgumentError

_OWN = ("model", "prompt", "images", "label")
_OF_THE_BATCH = {
    "via": "the batch submits tasks where the model has them",
    "timeout": "the batch has one for each job",
    "max_price": "the batch has one for all jobs",
    "on_status": "the batch reports its progress",
}
"""Call options that a job cannot have, each with the reason."""


@dataclass(frozen=True, slots=True)
class BatchJob:
    """One call of a batch.

    Attributes:
        number: Its position among the jobs, from 1; a batch renumbers its jobs.
        model: The name of the model.
        prompt: The prompt; None for none.
        images: The images, as the verbs take them. Without one the job is a generation.
        label: The name of the job, by which later runs recognize it. None means `job-` and the number.
        parameters: The other parameters by name.
    """

    number: int
    model: str
    prompt: Any = None
    images: Sequence[Any] = ()
    label: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The label, or its default."""
        return self.label if self.label is not None else f"job-{self.number}"

    def __repr__(self) -> str:
        return f"<BatchJob {self.number} {safe_repr(self.name)}: {safe_repr(self.model)}>"


class JobProblem(NamedTuple):
    """Why a job cannot be sent.

    Attributes:
        number: The position of the job, from 1.
        label: The name of the job; None if it has none.
        error: The problem: an InvalidRequestError lists every rule that the job violates.
    """

    number: int
    label: str | None
    error: Exception

    def __str__(self) -> str:
        name = f" ({self.label})" if self.label and self.label != f"job-{self.number}" else ""
        return f"job {self.number}{name}: {str(self.error).removeprefix('nothing was sent: ')}"


def parse_job(number: int, value: Any) -> BatchJob:
    """Return the job of a mapping with `model`, `prompt`, `images`, `label` and parameters by name.

    Raises:
        InvalidArgumentError: The value is not such a mapping.
    """
    if isinstance(value, BatchJob):
        own = {"model": value.model, "prompt": value.prompt, "images": value.images, "label": value.label}
        value = {**value.parameters, **own}
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        raise InvalidArgumentError(
            f"the job is {safe_repr(value)}; allowed: an object with model, prompt, images, label, parameters"
        )
    model, images = value.get("model"), value.get("images")
    images = () if images is None else images
    if model is None:
        raise InvalidArgumentError("the job has no model")
    if not isinstance(model, str):
        raise InvalidArgumentError(f"model is {safe_repr(model)}; allowed: the name of a model")
    if isinstance(images, str) or not isinstance(images, Sequence):
        raise InvalidArgumentError(f"images is {safe_repr(images)}; allowed: a list of paths or URLs")
    for name, reason in _OF_THE_BATCH.items():
        if name in value:
            raise InvalidArgumentError(f"a job takes no {name}: {reason}; leave it out")
    parameters = {name: part for name, part in value.items() if name not in _OWN}
    return BatchJob(number, model, value.get("prompt"), images, check_label(value.get("label")), parameters)
