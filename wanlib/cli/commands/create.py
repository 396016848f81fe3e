"""`wanlib edit`, `generate` and `submit`: the calls that are paid for."""

import json
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wanlib.base.redaction import printable
from wanlib.cli.call_errors import CallErrorReporter, report_interrupt
from wanlib.cli.errors import FINE, NO, print_error, resolve_model
from wanlib.cli.options.connection import ConnectionOptions
from wanlib.cli.options.output_files import OutputOptions
from wanlib.cli.options.parameters import (
    ImagesOption,
    MaybeImagesOption,
    ModelArgument,
    ParameterOptions,
    PromptArgument,
    parse_images,
)
from wanlib.cli.options.payment import PaymentOptions, price_line
from wanlib.cli.output import Progress

if TYPE_CHECKING:
    from wanlib.client.call.prepared import Prepared


def print_prepared(model: str, prepared: "Prepared", *, curl: bool, as_json: bool) -> int:
    """Prints a call: as JSON, as a curl command with the price on stderr, or as an HTTP request."""
    if as_json:
        print(json.dumps(prepared.to_dict()))
        return FINE
    for each in prepared.passed:
        print_error(f"{each.outcome}: {each}")
    if curl:
        for line in prepared.curl().split("\n"):
            print(printable(line))
    else:
        print(printable(f"{prepared.method} {prepared.url}"))
        for name, value in prepared.headers.items():
            print(printable(f"{name}: {value}"))
        body = json.dumps(prepared.body, indent=2, ensure_ascii=False)
        print("", *map(printable, body.split("\n")), "", sep="\n")
    print(price_line(model, prepared.price), file=sys.stderr if curl else sys.stdout)
    return FINE


_NO_TASK = "the call was under way and may be billed; it has no task that could be taken up again"


@dataclass(frozen=True)
class PaidCommand:
    """What the arguments of `edit`, `generate` and `submit` say. saving: None where nothing is waited for."""

    verb: str
    model: str
    prompt: str
    images: Sequence[str]
    given: ParameterOptions
    paying: PaymentOptions
    connection: ConnectionOptions
    saving: OutputOptions | None
    upload: bool
    sync: bool
    timeout: float | None
    as_json: bool

    def run(self) -> int:
        """Judges and prices the call, asks, makes it -> the exit code. Raises Refusal."""
        from wanlib.errors import IgnoredParameterWarning
        from wanlib.generated.calls import API

        resolve_model(self.model, tuple(API.models), API.fine_tuned.ending)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", IgnoredParameterWarning)  # they are told in lines of their own
            return self._error_reporter.run(self._run)

    def _run(self) -> int:
        arguments = self._arguments()
        with self.connection.open(idle=self.paying.is_dry_run) as wan:
            prepared = wan.prepare(self.model, self.prompt, **arguments)
            self._check_verb()
            if self.paying.is_dry_run:
                return print_prepared(self.model, prepared, curl=self.paying.curl, as_json=self.as_json)
            if self.saving is not None:
                self.saving.check_writable(prepared.price.pictures if prepared.price else 1)
            if not self.paying.confirm(self.model, prepared):
                print_error("nothing was sent")
                return NO
            arguments |= {"max_price": self.paying.max_price, "timeout": self._timeout()}
            arguments |= {"upload": True} if self.upload else {}
            return self._call(wan, arguments)

    def _check_verb(self) -> None:
        """Raise InvalidRequestError where the model does not have this command, whatever its images are."""
        from wanlib.client.call.arguments import get_model
        from wanlib.client.call.preflight import missing_verb
        from wanlib.errors import InvalidRequestError
        from wanlib.generated.calls import API

        missing = missing_verb(get_model(API, self.model), self.verb) if self.saving is not None else None
        if missing:
            raise InvalidRequestError(f"nothing was sent: {missing}")

    def _arguments(self) -> dict[str, Any]:
        """What the verbs and `prepare` take alike."""
        images = parse_images(self.images)
        more = ({"images": images} if images else {}) | ({"via": "sync"} if self.sync else {})
        return self.given.read() | more

    def _call(self, wan: Any, arguments: dict[str, Any]) -> int:
        if self.saving is None:
            return self._print_task(self._submit_and_wait(wan, arguments))
        if self.sync:
            output = self._call_sync(wan, arguments)
            return self.saving.save(output, self.as_json)
        clock = self.connection.clock
        until = clock.now() + arguments["timeout"]
        task = self._submit_and_wait(wan, arguments)
        with report_interrupt(self._error_reporter.resume_hint(task.id)):
            with Progress(clock, self.as_json) as progress:
                progress.show(task.id, f"task {task.id} is submitted")
                output = task.wait(timeout=max(until - clock.now(), 0.001), on_status=progress)
            return self.saving.save(output, self.as_json)

    def _submit_and_wait(self, wan: Any, arguments: dict[str, Any]) -> Any:
        lost = ("the call may have been accepted and billed", self._error_reporter.find_lost_hint(self.model))
        with report_interrupt(*lost):
            return wan.submit(self.model, self.prompt, **arguments)

    def _call_sync(self, wan: Any, arguments: dict[str, Any]) -> Any:
        """One call without a task."""
        with report_interrupt(_NO_TASK), Progress(self.connection.clock, self.as_json) as progress:
            progress.show(self.model, f"{self.model} is at work")
            return getattr(wan, self.verb)(self.model, self.prompt, **arguments)

    def _print_task(self, task: Any) -> int:
        told = {"task_id": task.id, "model": task.model, "submitted_at": task.submitted_at}
        print(json.dumps(told) if self.as_json else printable(task.id), flush=True)
        if not self.as_json:
            print(printable(self._error_reporter.resume_hint(task.id)), file=sys.stderr)
        return FINE

    def _timeout(self) -> float:
        from wanlib.client.protocol.context import TIMEOUT

        return TIMEOUT if self.timeout is None else self.timeout

    @property
    def _error_reporter(self) -> CallErrorReporter:
        return CallErrorReporter(self.connection, self.saving, self.as_json, tasks=not self.sync)


class Via(StrEnum):
    """How a call is made."""

    ASYNC = "async"
    SYNC = "sync"


ViaOption = Annotated[
    Via, typer.Option(help="sync: one call without a task; what is cut can't be taken up again.")
]
UploadOption = Annotated[
    bool, typer.Option("--upload", help="Upload local images, to be kept for two days, instead of base64.")
]
TimeoutOption = Annotated[
    float | None, typer.Option(metavar="S", help="Seconds that it may take in all; 900 unless given.")
]
ResultOption = Annotated[bool, typer.Option("--json", help="Print the result as one JSON object.")]


def edit(
    model: ModelArgument,
    prompt: PromptArgument,
    images: ImagesOption,
    given: ParameterOptions,
    paying: PaymentOptions,
    saving: OutputOptions,
    connection: ConnectionOptions,
    via: ViaOption = Via.ASYNC,
    upload: UploadOption = False,
    timeout: TimeoutOption = None,
    as_json: ResultOption = False,
) -> int:
    """Edit images: tell the price, submit, wait, save the pictures.

    The path of each picture, and text that came between them, go to stdout; all else to stderr. On a
    terminal it asks before it sends, unless --yes or --max-price is given; elsewhere it tells the price and
    goes on. The key is read from DASHSCOPE_API_KEY alone. Ctrl-C tells the command that takes it up again.

    Exit 0 where every picture that was asked for came, 1 where one failed, the call breaks a rule or the
    service refused it, 2 for usage, an image that can't be read, no key.
    """
    sync = via is Via.SYNC
    return PaidCommand(
        "edit", model, prompt, images, given, paying, connection, saving, upload, sync, timeout, as_json
    ).run()


def generate(
    model: ModelArgument,
    prompt: PromptArgument,
    given: ParameterOptions,
    paying: PaymentOptions,
    saving: OutputOptions,
    connection: ConnectionOptions,
    via: ViaOption = Via.ASYNC,
    timeout: TimeoutOption = None,
    as_json: ResultOption = False,
) -> int:
    """Make pictures from text alone; in all else as `wanlib edit`.

    Exit codes as there.
    """
    sync = via is Via.SYNC
    return PaidCommand(
        "generate", model, prompt, (), given, paying, connection, saving, False, sync, timeout, as_json
    ).run()


def submit(
    model: ModelArgument,
    prompt: PromptArgument,
    given: ParameterOptions,
    paying: PaymentOptions,
    connection: ConnectionOptions,
    images: MaybeImagesOption = None,
    upload: UploadOption = False,
    timeout: TimeoutOption = None,
    as_json: ResultOption = False,
) -> int:
    """Start a task and print its id, for `wanlib wait`.

    The price is told first, as `wanlib edit` does. Exit codes as there.
    """
    return PaidCommand(
        "submit",
        model,
        prompt,
        images or (),
        given,
        paying,
        connection,
        None,
        upload,
        False,
        timeout,
        as_json,
    ).run()
