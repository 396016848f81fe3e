"""The rows of the table of `docs/comparison.md`: each feature, and the places where each library has it."""

from typing import NamedTuple


class Library(NamedTuple):
    """A compared library.

    Attributes:
        distribution: Its name on PyPI.
        surface: The places of the classes, functions and modules whose names are searched for empty cells.
    """

    distribution: str
    surface: tuple[str, ...]


class Row(NamedTuple):
    """A feature.

    Attributes:
        title: The feature.
        pattern: A name that matches it is expected to be one of the feature.
        cells: For each library, in order, the places of what it has, with a space between; empty for none.
    """

    title: str
    pattern: str
    cells: tuple[str, str, str, str, str]


LIBRARIES = (
    Library(
        "wanlib",
        (
            "wanlib:Wan",
            "wanlib:Output",
            "wanlib:Picture",
            "wanlib:Task",
            "wanlib.types:Result",
            "wanlib.types:WaitOrSyncOptions",
        ),
    ),
    Library("openai", ("openai:OpenAI", "openai.resources.images:Images", "openai.types:Image")),
    Library("fal-client", ("fal_client:SyncClient", "fal_client:SyncRequestHandle", "fal_client:Queued")),
    Library(
        "replicate",
        (
            "replicate:Client",
            "replicate.prediction:Prediction",
            "replicate.prediction:Predictions",
            "replicate.prediction:Predictions.CreatePredictionParams",
            "replicate.helpers:FileOutput",
        ),
    ),
    Library(
        "runwayml",
        (
            "runwayml:RunwayML",
            "runwayml.resources.text_to_image:TextToImageResource",
            "runwayml.resources.tasks:TasksResource",
            "runwayml.lib.polling:NewTaskCreatedResponse",
        ),
    ),
)

_IMAGES = "openai.resources.images:Images"
_HANDLE = "fal_client:SyncRequestHandle"
_PREDICTION, _PREDICTIONS = "replicate.prediction:Prediction", "replicate.prediction:Predictions"
_CREATE = "runwayml.resources.text_to_image:TextToImageResource.create"
_TASKS = "runwayml.resources.tasks:TasksResource"
_OPTIONS = "wanlib.types:WaitOrSyncOptions"

ROWS = (
    Row(
        "Check a request by all rules, without a key",
        "^(check|validate|lint)",
        ("wanlib:check", "", "", "", ""),
    ),
    Row(
        "See request and price without sending",
        "prepare|dry_run|price|cost",
        ("wanlib:Wan.prepare", "", "", "", ""),
    ),
    Row(
        "A limit on the cost of a call and of a client",
        "price|cost|budget",
        (f"{_OPTIONS}[max_price] wanlib:Wan(budget)", "", "", "", ""),
    ),
    Row(
        "Parameters that are newer than the library",
        "",
        (
            f"{_OPTIONS}[extra]",
            f"{_IMAGES}.edit(extra_body)",
            "fal_client:SyncClient.submit(arguments)",
            "replicate:Client.run(input)",
            f"{_CREATE}(extra_body)",
        ),
    ),
    Row(
        "Local images",
        "",
        (
            "wanlib:Wan.edit(images)",
            f"{_IMAGES}.edit(image)",
            "fal_client:SyncClient.upload_file fal_client:encode_file",
            "replicate.file:Files.create",
            "runwayml.resources.uploads:UploadsResource.create_ephemeral",
        ),
    ),
    Row("Images fitted to the model", "^fit|resize", (f"{_OPTIONS}[fit]", "", "", "", "")),
    Row(
        "Submit, and go on meanwhile",
        "^(submit|enqueue)",
        ("wanlib:Wan.submit", "", "fal_client:SyncClient.submit", f"{_PREDICTIONS}.create", _CREATE),
    ),
    Row(
        "Wait for one task",
        "^wait",
        (
            "wanlib:Task.wait",
            "",
            f"{_HANDLE}.get",
            f"{_PREDICTION}.wait",
            "runwayml.lib.polling:NewTaskCreatedResponse.wait_for_task_output",
        ),
    ),
    Row(
        "Continue a task by its id",
        "^(task|get_task|retrieve|from_.*id)$",
        (
            "wanlib:Wan.task",
            "",
            f"{_HANDLE}.from_request_id",
            f"{_PREDICTIONS}.get",
            f"{_TASKS}.retrieve",
        ),
    ),
    Row(
        "Several tasks, as they end",
        "as_completed|wait_all|gather",
        ("wanlib:Wan.as_completed", "", "", "", ""),
    ),
    Row(
        "Progress as events",
        "event|progress|partial",
        (
            "wanlib:Wan.events",
            f"{_IMAGES}.generate(partial_images)",
            f"{_HANDLE}.iter_events",
            f"{_PREDICTION}.progress",
            "",
        ),
    ),
    Row(
        "Progress as a callback",
        "^on_|callback",
        (f"{_OPTIONS}[on_status]", "", "fal_client:SyncClient.subscribe(on_queue_update)", "", ""),
    ),
    Row(
        "The poll interval",
        "interval|poll",
        (
            "wanlib:Wan(poll_interval)",
            "",
            "fal_client:SyncClient.subscribe(interval)",
            "replicate:default_client.poll_interval",
            "",
        ),
    ),
    Row(
        "Cancel",
        "cancel",
        (
            "wanlib:Wan.cancel",
            "",
            "fal_client:SyncClient.cancel",
            f"{_PREDICTION}.cancel",
            f"{_TASKS}.delete",
        ),
    ),
    Row(
        "List the tasks of the account",
        "^list|history",
        ("wanlib:Wan.tasks", "", "", f"{_PREDICTIONS}.list", ""),
    ),
    Row(
        "Continue after a crash",
        "journal|resume|recover",
        ("wanlib:Wan(journal) wanlib:Wan.resume", "", "", "", ""),
    ),
    Row("Find a task whose response was lost", "lost|idempoten", ("wanlib:Wan.find_lost", "", "", "", "")),
    Row(
        "Retries, as a setting",
        "retr(y|ies)",
        ("wanlib:Wan(max_retries)", "openai:OpenAI(max_retries)", "", "", "runwayml:RunwayML(max_retries)"),
    ),
    Row(
        "Retries of one call",
        "retr(y|ies)",
        (
            f"{_OPTIONS}[max_retries]",
            "openai:OpenAI.with_options(max_retries)",
            "",
            "",
            "runwayml:RunwayML.with_options(max_retries)",
        ),
    ),
    Row(
        "Time limit",
        "timeout",
        (
            f"{_OPTIONS}[timeout]",
            f"{_IMAGES}.edit(timeout)",
            "fal_client:SyncClient.subscribe(client_timeout)",
            "replicate:Client(timeout)",
            f"{_CREATE}(timeout)",
        ),
    ),
    Row(
        "Headers of one call",
        "^(extra_)?headers",
        (
            "",
            f"{_IMAGES}.edit(extra_headers)",
            "fal_client:SyncClient.submit(headers)",
            "",
            f"{_CREATE}(extra_headers)",
        ),
    ),
    Row(
        "Your own HTTP client",
        "http_client|transport",
        ("wanlib:Wan(http_client)", "openai:OpenAI(http_client)", "", "", "runwayml:RunwayML(http_client)"),
    ),
    Row("Your own name for a call", "^(label|metadata|tags?)$", (f"{_OPTIONS}[label]", "", "", "", "")),
    Row(
        "The raw response",
        "raw",
        (
            "wanlib.types:Result[raw]",
            "openai:OpenAI.with_raw_response",
            "",
            "",
            "runwayml:RunwayML.with_raw_response",
        ),
    ),
    Row(
        "The id of the request",
        "request_id",
        (
            "wanlib.types:Result[request_id]",
            "openai:APIResponse.request_id",
            f"{_HANDLE}[request_id]",
            "",
            "",
        ),
    ),
    Row(
        "Pictures as bytes and files",
        "^(save|download|b64)",
        (
            "wanlib:Output.save wanlib:Picture.read",
            "openai.types:Image[b64_json]",
            "",
            "replicate.helpers:FileOutput.read",
            "",
        ),
    ),
    Row("Pictures as Pillow images", "^pil", ("wanlib:Picture.pil", "", "", "", "")),
    Row("Pictures in notebooks", "_repr_(html|png)_", ("wanlib:Output._repr_html_", "", "", "", "")),
    Row(
        "Partial results while a call runs",
        "^stream$",
        (
            "wanlib:Wan.stream",
            f"{_IMAGES}.edit(stream)",
            "fal_client:SyncClient.stream",
            "replicate:Client.stream",
            "",
        ),
    ),
    Row(
        "asyncio",
        "",
        (
            "wanlib:AsyncWan",
            "openai:AsyncOpenAI",
            "fal_client:AsyncClient",
            "replicate:Client.async_run",
            "runwayml:AsyncRunwayML",
        ),
    ),
    Row(
        "Thousands of calls within the limits",
        "batch",
        ("wanlib:Wan.batch", "openai:OpenAI.batches", "", "", ""),
    ),
    Row(
        "Webhooks",
        "webhook",
        (
            "",
            "openai:OpenAI.webhooks",
            "fal_client:submit(webhook_url)",
            f"{_PREDICTIONS}.CreatePredictionParams[webhook]",
            "",
        ),
    ),
    Row(
        "The service on your own machine, for tests",
        "emulat|mock|fake",
        ("wanlib.emulator:Emulator", "", "", "", ""),
    ),
)
