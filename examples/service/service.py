"""A service that makes pictures for its own users: `uvicorn service:app`.

It reads DASHSCOPE_API_KEY, and keeps its jobs in the folder DATA, so that a restart continues them. A user
sees no key, no task id and no link of the vendor: only a random id, and pictures from the service itself.
"""

import asyncio
import json
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import FastAPI, Form, HTTPException, Request, UploadFile
from fastapi.responses import FileResponse, JSONResponse

from wanlib import AsyncWan
from wanlib.errors import (
    ContentModerationError,
    InvalidRequestError,
    LinkExpiredError,
    RateLimitError,
    TaskError,
    WanError,
)

MODEL = "wan2.7-image"
DATA = Path(os.environ.get("DATA", "data"))
BUDGET = os.environ.get("BUDGET", "10")  # yuan, for the lifetime of the process
LARGEST_UPLOAD = 10 << 20
DAY = 86_400

log = logging.getLogger("service")


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open one client for all users, and continue the jobs of the last run."""
    DATA.mkdir(parents=True, exist_ok=True)
    async with AsyncWan(budget=BUDGET, journal=DATA / "calls.sqlite", file_urls=False) as wan:
        app.state.wan, app.state.jobs = wan, set()
        for task in DATA.glob("*/task"):
            if not task.with_name("outcome.json").exists():
                start(app, task.parent)
        yield
        for job in app.state.jobs:
            job.cancel()
        await asyncio.gather(*app.state.jobs, return_exceptions=True)


app = FastAPI(title="Pictures", lifespan=lifespan)


@app.post("/pictures", status_code=202)
async def create(prompt: Annotated[str, Form()], image: UploadFile | None = None) -> dict[str, Any]:
    """Begin to draw a picture, or to edit the uploaded one."""
    if image is not None and (image.size or 0) > LARGEST_UPLOAD:
        raise HTTPException(413, f"the image has more than {LARGEST_UPLOAD} bytes")
    images = [await image.read()] if image is not None else []
    folder = DATA / str(uuid4())
    folder.mkdir()  # before anything is billed
    try:
        task = await app.state.wan.submit(MODEL, prompt, images=images, n=1, label=folder.name)
    except WanError:
        folder.rmdir()
        raise
    (folder / "task").write_text(task.id)
    start(app, folder)
    return {"id": folder.name, "state": "working"}


@app.get("/pictures/{job}")
def state(job: UUID) -> dict[str, Any]:
    """Return the state of a job, and the paths of its pictures."""
    folder = DATA / str(job)
    if not (folder / "task").exists():
        raise HTTPException(404, "no such job")
    try:
        outcome = json.loads((folder / "outcome.json").read_text())
    except FileNotFoundError:
        return {"id": str(job), "state": "working"}
    if "error" in outcome:
        return {"id": str(job), "state": "failed", "error": outcome["error"]}
    pictures = [f"/pictures/{job}/{number}" for number, _ in enumerate(outcome["files"], 1)]
    return {"id": str(job), "state": "done", "pictures": pictures}


@app.get("/pictures/{job}/{number}")
def picture(job: UUID, number: int) -> FileResponse:
    """Return a picture."""
    folder = DATA / str(job)
    try:
        files = json.loads((folder / "outcome.json").read_text()).get("files", [])
    except FileNotFoundError:
        files = []
    if not 1 <= number <= len(files):
        raise HTTPException(404, "no such picture")
    return FileResponse(folder / files[number - 1])


@app.exception_handler(WanError)
async def refuse(request: Request, error: WanError) -> JSONResponse:
    """Describe an error of the request; errors behind this service are only logged."""
    if isinstance(error, InvalidRequestError):
        rules = [{"rule": violation.rule, "text": str(violation)} for violation in error.violations]
        return JSONResponse({"error": "invalid", "violations": rules}, 422)
    log.error("%s: %s", type(error).__name__, error)
    if isinstance(error, ContentModerationError):
        return JSONResponse({"error": "refused"}, 422)
    if isinstance(error, RateLimitError):
        return JSONResponse({"error": "busy"}, 503, {"Retry-After": "10"})
    return JSONResponse({"error": "unavailable"}, 502)


def start(app: FastAPI, folder: Path) -> None:
    """Follow the task of a job in the background."""
    job = asyncio.create_task(follow(app.state.wan, folder))
    app.state.jobs.add(job)
    job.add_done_callback(app.state.jobs.discard)


async def follow(wan: AsyncWan, folder: Path) -> None:
    """Wait for the task, save its pictures, and record its result."""
    task = wan.task((folder / "task").read_text())
    outcome: dict[str, Any] = {}
    while not outcome:
        try:
            output = await task.wait(timeout=DAY)
            outcome = {"files": [path.name for path in await output.save(folder)]}
        except (TaskError, LinkExpiredError) as error:
            log.error("job %s: %s", folder.name, error)
            outcome = {"error": "refused" if isinstance(error, ContentModerationError) else "failed"}
        except WanError as error:  # the network, a full disk: the pictures are paid for, so it tries again
            log.warning("job %s goes on: %s", folder.name, error)
            await asyncio.sleep(60)
    unfinished = folder / "outcome.part"
    unfinished.write_text(json.dumps(outcome))
    unfinished.replace(folder / "outcome.json")
