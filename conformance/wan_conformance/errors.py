"""The errors of a run as a whole, in a module that imports nothing else of the harness.

The command line reports every `InputError` with exit code 2 and every `RunFailedError` with exit code 1.
"""

from wanlib.input_error import InputError


class RunUsageError(InputError, ValueError):
    """The options of a run are invalid; the message says what is allowed."""


class RunFailedError(Exception):
    """A run ended without a result, for a reason that is neither its options nor a defect of the harness."""


class RunDeclinedError(RunFailedError):
    """The run was declined; only probes that cost nothing were sent."""
