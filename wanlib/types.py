"""The types of arguments and results, for annotations.

`from wanlib.types import Output, TaskStatus, Wan27Parameters`. Importing this module loads nothing else;
each type is loaded on first use. The TypedDicts of the parameters of each model come from
`wanlib.generated.parameters`. Exceptions are in `wanlib.errors`.
"""

TYPE_CHECKING = False  # type checkers take it for True; importing `typing` would cost more than the rest

__all__ = [
    "AsyncOutput",
    "AsyncStream",
    "AsyncTask",
    "BatchJob",
    "BatchOutcome",
    "BatchPlan",
    "BatchProgress",
    "BatchSummary",
    "Bill",
    "Change",
    "CheckResult",
    "Classification",
    "Clock",
    "Fixed",
    "ImageLike",
    "LostCall",
    "ManualClock",
    "Options",
    "Output",
    "Part",
    "Picture",
    "PictureFailure",
    "Prepared",
    "Price",
    "RealClock",
    "Result",
    "ResumeResult",
    "Stream",
    "Task",
    "TaskEvent",
    "TaskPage",
    "TaskStatus",
    "TaskSummary",
    "Text",
    "UnfinishedCall",
    "Violation",
    "WaitOptions",
    "WaitOrSyncOptions",
]

if TYPE_CHECKING:
    from typing import Any

    from wanlib.base.clock import Clock, ManualClock, RealClock
    from wanlib.base.error_codes import Classification
    from wanlib.base.violation import Violation
    from wanlib.client.batch.job import BatchJob
    from wanlib.client.batch.outcome import BatchOutcome, BatchProgress, BatchSummary
    from wanlib.client.batch.plan import BatchPlan
    from wanlib.client.call.options import Options, WaitOptions, WaitOrSyncOptions
    from wanlib.client.call.prepared import Prepared
    from wanlib.client.images.inputs import ImageLike
    from wanlib.client.outputs import AsyncOutput, Output
    from wanlib.client.protocol.live_calls import UnfinishedCall
    from wanlib.client.results.parts import Part, Picture, PictureFailure, Text
    from wanlib.client.results.result import Result
    from wanlib.client.streams import Stream
    from wanlib.client.streams_async import AsyncStream
    from wanlib.client.task_handles import AsyncTask, Task, TaskEvent
    from wanlib.client.tasks.lost_calls import LostCall
    from wanlib.client.tasks.resume import ResumeResult
    from wanlib.client.tasks.status import TaskPage, TaskStatus, TaskSummary
    from wanlib.fixing import Change, Fixed
    from wanlib.generated.parameters import *  # noqa: F403
    from wanlib.generated.parameters import __all__ as _parameters
    from wanlib.validation.bill import Bill, Price
    from wanlib.validation.check_result import CheckResult

    __all__ += _parameters

_PARAMETERS = "wanlib.generated.parameters"
_MODULES = {
    "AsyncOutput": "wanlib.client.outputs",
    "AsyncStream": "wanlib.client.streams_async",
    "AsyncTask": "wanlib.client.task_handles",
    "BatchJob": "wanlib.client.batch.job",
    "BatchOutcome": "wanlib.client.batch.outcome",
    "BatchPlan": "wanlib.client.batch.plan",
    "BatchProgress": "wanlib.client.batch.outcome",
    "BatchSummary": "wanlib.client.batch.outcome",
    "Bill": "wanlib.validation.bill",
    "Change": "wanlib.fixing",
    "CheckResult": "wanlib.validation.check_result",
    "Classification": "wanlib.base.error_codes",
    "Clock": "wanlib.base.clock",
    "Fixed": "wanlib.fixing",
    "ImageLike": "wanlib.client.images.inputs",
    "LostCall": "wanlib.client.tasks.lost_calls",
    "ManualClock": "wanlib.base.clock",
    "Options": "wanlib.client.call.options",
    "Output": "wanlib.client.outputs",
    "Picture": "wanlib.client.results.parts",
    "PictureFailure": "wanlib.client.results.parts",
    "Prepared": "wanlib.client.call.prepared",
    "Price": "wanlib.validation.bill",
    "RealClock": "wanlib.base.clock",
    "Result": "wanlib.client.results.result",
    "ResumeResult": "wanlib.client.tasks.resume",
    "Stream": "wanlib.client.streams",
    "Part": "wanlib.client.results.parts",
    "Task": "wanlib.client.task_handles",
    "TaskEvent": "wanlib.client.task_handles",
    "TaskPage": "wanlib.client.tasks.status",
    "TaskStatus": "wanlib.client.tasks.status",
    "TaskSummary": "wanlib.client.tasks.status",
    "Text": "wanlib.client.results.parts",
    "UnfinishedCall": "wanlib.client.protocol.live_calls",
    "Violation": "wanlib.base.violation",
    "WaitOptions": "wanlib.client.call.options",
    "WaitOrSyncOptions": "wanlib.client.call.options",
}


if not TYPE_CHECKING:  # else type checkers would accept every name

    def __getattr__(name: str) -> "Any":
        """Load a type on first use."""
        from importlib import import_module

        if name not in _MODULES and (name.startswith("__") or name not in _parameter_names()):
            raise AttributeError(f"module 'wanlib.types' has no attribute {name!r}; see dir(wanlib.types)")
        value = globals()[name] = getattr(import_module(_MODULES.get(name, _PARAMETERS)), name)
        return value


def __dir__() -> "list[str]":
    """List the types, including those that are not loaded yet."""
    return sorted({*globals(), *__all__, *_parameter_names()})


def _parameter_names() -> "list[str]":
    from wanlib.generated.parameters import __all__ as names

    return names
