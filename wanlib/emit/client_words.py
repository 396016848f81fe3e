"""What the methods of the client say of themselves, for an editor to show."""

_ERRORS = """\
Raises InvalidRequest, with every violation, before anything is sent; InvalidArgumentError where an
image can't be read; OverBudget; AuthenticationError; ContentModerationError; QuotaExceeded;
OutcomeUnknown where the service may have taken a call that got no answer. All are WanErrors."""

_RESULT = """\
Raises TaskFailed, TaskCanceled, TaskUnknown; DeadlineExceeded, after which the task goes on."""

WORDS = {
    "edit": f"""Edits or fuses images as the prompt says, and waits for the result.

images: a list of paths, bytes, binary files, Pillow images or URLs; the prompt counts them from 1. A task
is submitted and followed, since a cut synchronous call is paid for and has no id; via="sync" makes the
one synchronous call, where the model has it. The parameters are the model's own.

{_ERRORS}
{_RESULT}
""",
    "generate": f"""Draws from the prompt alone, and waits for the result.

A task is submitted and followed; via="sync" makes the one synchronous call, where the model has it. The
parameters are the model's own.

{_ERRORS}
{_RESULT}
""",
    "stream": f"""Starts a call whose texts and pictures come in turn, while they are made.

Iterate over what it returns, and close it or use `with`.

{_ERRORS}
""",
    "submit": f"""Starts a task and does not wait: with images it edits, without them it generates.

The task's `id` is enough to take it up again, in another process too.

{_ERRORS}
""",
    "prepare": """Shows a call and its price without making it: with images an edit, else a generation.

via: the call to show; "async" unless given. Nothing is sent, uploaded or paid.

Raises InvalidRequest, with every violation, and InvalidArgumentError.
""",
    "model": """Return the name of a model that is known when the program runs, as a setting is.

Type checkers accept it in every verb, with any parameter; the call itself is judged as always.

Raises:
    InvalidRequest: There is no such model.
""",
}
