"""`wanlib edit`, `generate` and `submit`: the calls that are paid for."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wanlib.base.redaction import printable, printable_json
from wanlib.cli.call_errors import CallErrorReporter, hide_warnings, report_interrupt
from wanlib.cli.errors import ExitCode, print_error, resolve_model
from wanlib.cli.file_conflicts import check_output_files
from wanlib.cli.options.connection import ConnectionOptions
from wanlib.cli.options.output_files import OutputOptions
from wanlib.cli.options.parameters import (
    ImagesOption,
    ModelArgument,
    OptionalImagesOption,
    ParameterOptions,
    PromptArgument,
    parse_images,
)
from wanlib.cli.options.payment import PaymentOptions, price_line
from wanlib.cli.output import Progress

if TYPE_CHECKING:
    from wanlib.client.call.prepared import Prepared


class Via(StrEnum):
    """How a command makes its call: as a task, or as one synchronous request."""

    ASYNC = "async"
    SYNC = "sync"


ViaOption = Annotated[
    Via, typer.Option(help="sync: one request without a task; it can't be continued if it is interrupted.")
]
UploadOption = Annotated[
    bool, typer.Option("--upload", help="Upload local images, kept for two days, instead of sending base64.")
]
FitOption = Annotated[
    bool,
    typer.Option("--fit", help="Convert and resize local images into the limits of the model, with Pillow."),
]
TimeoutOption = Annotated[
    float | None, typer.Option(metavar="S", help="Total time limit in seconds; default: 900.")
]


@dataclass(frozen=True)
class CallOptions:
    """The arguments and options that `edit`, `generate` and `submit` have in common.

    Attributes:
        model: The name of the model.
        prompt: What to create.
        parameters: The parameters of the call.
        payment: What it may cost.
        connection: The service.
        timeout: Seconds for the whole call; None for the default of the client.
        as_json: Whether the result is printed as JSON.
    """

    model: ModelArgument
    prompt: PromptArgument
    parameters: ParameterOptions
    payment: PaymentOptions
    connection: ConnectionOptions
    timeout: TimeoutOption = None
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as one JSON object.")] = False


def edit(
    call: CallOptions,
    images: ImagesOption,
    output_files: OutputOptions,
    via: ViaOption = Via.ASYNC,
    upload: UploadOption = False,
    fit: FitOption = False,
) -> int:
    """Edit images: show the price, submit, wait, save the pictures.

    The path of each picture, and text between the pictures, go to stdout; everything else goes to stderr.
    On a terminal the command asks before it sends, unless --yes or --max-price is set; elsewhere it shows
    the price and continues. The key is read only from DASHSCOPE_API_KEY. After Ctrl-C, the command that
    continues the call is printed.

    Exit 0 if every requested picture arrived, 1 if one failed, the call violates a rule or the service
    refused it, 2 for a usage error, an unreadable image or a missing key.
    """
    return PaidCommand("edit", call, images, output_files, _is_sync(call, via), upload, fit).run()


def generate(call: CallOptions, output_files: OutputOptions, via: ViaOption = Via.ASYNC) -> int:
    """Create pictures from text only.

    Output and exit codes are those of `wanlib edit`.
    """
    return PaidCommand("generate", call, (), output_files, _is_sync(call, via)).run()


def submit(
    call: CallOptions,
    images: OptionalImagesOption = None,
    upload: UploadOption = False,
    fit: FitOption = False,
) -> int:
    """Start a task and print its id, for `wanlib wait`.

    The price is shown first; the exit codes are those of `wanlib edit`.
    """
    return PaidCommand("submit", call, images or (), None, upload=upload, fit=fit).run()


def _is_sync(call: CallOptions, via: Via) -> bool:
    """Return whether to call without a task: on request, or because the model has no other call."""
    from wanlib.base.identifiers import base_model

    api = call.connection.api
    base = base_model(call.model, tuple(api.models), api.fine_tuned.ending)
    return via is Via.SYNC or (base is not None and set(api.models[base].endpoints) == {"sync"})


_NO_TASK = "the call was in progress and may be billed; it has no task, so it can't be continued"


@dataclass(frozen=True)
class PaidCommand:
    """One run of `edit`, `generate` or `submit`.

    Attributes:
        verb: The method of the client.
        call: The options that the three commands share.
        images: The texts of `--image`.
        output_files: Where the pictures go; None if the command does not wait for them.
        is_sync: Whether the call is made without a task.
        upload: Whether local images are uploaded.
        fit: Whether local images are fitted to the model.
    """

    verb: str
    call: CallOptions
    images: Sequence[str]
    output_files: OutputOptions | None
    is_sync: bool = False
    upload: bool = False
    fit: bool = False

    def run(self) -> int:
        """Check and price the call, ask, make it, and return the exit code.

        Raises:
            CliError: An argument is wrong.
        """
        api = self.call.connection.api
        resolve_model(self.call.model, tuple(api.models), api.fine_tuned.ending)
        with hide_warnings():
            return self._error_reporter.run(self._run)

    def _run(self) -> int:
        self._check_options()
        arguments = self._arguments()
        model, payment = self.call.model, self.call.payment
        with self.call.connection.open(is_dry_run=payment.is_dry_run) as wan:
            via = "sync" if self.is_sync else "async"
            prepared = wan.prepare(model, self.call.prompt, **arguments | {"via": via})
            self._check_verb()
            if payment.is_dry_run:
                return print_prepared(model, prepared, curl=payment.curl, as_json=self.call.as_json)
            if self.output_files is not None:
                self.output_files.check_writable(prepared.price.pictures if prepared.price else 1)
            for change in prepared.changes:
                print_error(change)
            if not payment.confirm(model, prepared):
                print_error("nothing was sent")
                return ExitCode.FAILED
            arguments |= {"max_price": payment.max_price, "timeout": self._timeout()}
            arguments |= {"upload": True} if self.upload else {}
            return self._send(wan, arguments)

    def _check_options(self) -> None:
        """Raise CliError or InvalidArgumentError for options that only a call that is sent would refuse."""
        from wanlib.client.protocol.budget import parse_amount
        from wanlib.client.protocol.context import validate_timeout

        parse_amount(self.call.payment.max_price, "max_price")
        validate_timeout(self._timeout())
        mask = self.call.parameters.mask
        images = {"--image": self.images, "--mask": () if mask is None else (mask,)}
        read = {option: [Path(text) for text in texts] for option, texts in images.items()}
        pictures = () if self.output_files is None else self.output_files.known_files
        check_output_files({"--out": pictures, "--journal": self.call.connection.journal}, read)

    def _check_verb(self) -> None:
        """Raise InvalidRequestError if the model does not have this command."""
        from wanlib.client.call.arguments import get_model
        from wanlib.client.call.preflight import missing_verb
        from wanlib.errors import InvalidRequestError

        if self.output_files is None:
            return
        if missing := missing_verb(get_model(self.call.connection.api, self.call.model), self.verb):
            raise InvalidRequestError(f"nothing was sent: {missing}")

    def _arguments(self) -> dict[str, Any]:
        """Return the arguments that the methods and `prepare` share."""
        images = parse_images(self.images)
        call: dict[str, Any] = {"images": images} if images else {}
        call |= {"fit": True} if self.fit else {}
        call |= {"via": "sync"} if self.is_sync else {}
        return self.call.parameters.read() | call

    def _send(self, wan: Any, arguments: dict[str, Any]) -> int:
        if self.output_files is None:
            return self._print_task(self._submit(wan, arguments))
        if self.is_sync:
            output = self._call_sync(wan, arguments)
            return self.output_files.save(output, self.call.as_json, self.call.timeout)
        clock = self.call.connection.clock
        deadline = clock.now() + arguments["timeout"]
        task = self._submit(wan, arguments)
        with report_interrupt(self._error_reporter.resume_hint(task.id)):
            with Progress(clock, self.call.as_json) as progress:
                progress.show(task.id, f"task {task.id} is submitted")
                output = task.wait(timeout=max(deadline - clock.now(), 0.001), on_status=progress)
            return self.output_files.save(output, self.call.as_json, self.call.timeout)

    def _submit(self, wan: Any, arguments: dict[str, Any]) -> Any:
        hint = self._error_reporter.find_lost_hint(self.call.model)
        with report_interrupt("the call may have been accepted and billed", hint):
            return wan.submit(self.call.model, self.call.prompt, **arguments)

    def _call_sync(self, wan: Any, arguments: dict[str, Any]) -> Any:
        """Make one call without a task."""
        model = self.call.model
        with (
            report_interrupt(_NO_TASK),
            Progress(self.call.connection.clock, self.call.as_json) as progress,
        ):
            progress.show(model, f"waiting for {model}")
            return getattr(wan, self.verb)(model, self.call.prompt, **arguments)

    def _print_task(self, task: Any) -> int:
        if self.call.as_json:
            summary = {"task_id": task.id, "model": task.model, "submitted_at": task.submitted_at}
            print(json.dumps(summary), flush=True)
        else:
            print(printable(task.id), flush=True)
            print(printable(self._error_reporter.resume_hint(task.id)), file=sys.stderr)
        return ExitCode.OK

    def _timeout(self) -> float:
        from wanlib.client.protocol.context import TIMEOUT

        return TIMEOUT if self.call.timeout is None else self.call.timeout

    @property
    def _error_reporter(self) -> CallErrorReporter:
        return CallErrorReporter(
            self.call.connection, self.output_files, self.call.as_json, creates_tasks=not self.is_sync
        )


def print_prepared(model: str, prepared: "Prepared", *, curl: bool, as_json: bool) -> int:
    """Print a request that is not sent, with its price, and return the exit code.

    Args:
        model: The model.
        prepared: The request.
        curl: Whether to print it as a curl command, with the price on stderr.
        as_json: Whether to print it as one JSON object; takes precedence over `curl`.
    """
    if as_json:
        print(json.dumps(prepared.to_dict()))
        return ExitCode.OK
    for violation in prepared.passed:
        print_error(f"{violation.outcome}: {violation}")
    for change in prepared.changes:
        print_error(change)
    if curl:
        for line in prepared.curl().split("\n"):
            print(printable(line))
    else:
        print(printable(f"{prepared.method} {prepared.url}"))
        for name, value in prepared.headers.items():
            print(printable(f"{name}: {value}"))
        print("", printable_json(prepared.body, 2), "", sep="\n")
    print(price_line(model, prepared.price), file=sys.stderr if curl else sys.stdout)
    return ExitCode.OK
