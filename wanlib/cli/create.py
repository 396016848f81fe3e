"""`wanlib edit`, `generate` and `submit`: the calls that are paid for."""

from enum import StrEnum
from typing import Annotated

import typer

from wanlib.cli.connection import Connection
from wanlib.cli.given import Given, ImagesOption, MaybeImagesOption, ModelArgument, PromptArgument
from wanlib.cli.order import Order
from wanlib.cli.paying import Paying
from wanlib.cli.saving import Saving


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
    given: Given,
    paying: Paying,
    saving: Saving,
    connection: Connection,
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
    return Order(
        "edit", model, prompt, images, given, paying, connection, saving, upload, sync, timeout, as_json
    ).run()


def generate(
    model: ModelArgument,
    prompt: PromptArgument,
    given: Given,
    paying: Paying,
    saving: Saving,
    connection: Connection,
    via: ViaOption = Via.ASYNC,
    timeout: TimeoutOption = None,
    as_json: ResultOption = False,
) -> int:
    """Make pictures from text alone; in all else as `wanlib edit`.

    Exit codes as there.
    """
    sync = via is Via.SYNC
    return Order(
        "generate", model, prompt, (), given, paying, connection, saving, False, sync, timeout, as_json
    ).run()


def submit(
    model: ModelArgument,
    prompt: PromptArgument,
    given: Given,
    paying: Paying,
    connection: Connection,
    images: MaybeImagesOption = None,
    upload: UploadOption = False,
    timeout: TimeoutOption = None,
    as_json: ResultOption = False,
) -> int:
    """Start a task and print its id, for `wanlib wait`.

    The price is told first, as `wanlib edit` does. Exit codes as there.
    """
    return Order(
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
