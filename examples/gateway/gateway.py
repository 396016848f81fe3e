"""A gateway in front of the API, for the harness to judge: `uvicorn gateway:app`.

UPSTREAM is the address of the service; FAULTS names the faults of the gateway, separated by commas.
"""

import json
import os

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

FAULTS = frozenset(os.environ.get("FAULTS", "").split(","))
NO_IDLE = httpx.Limits(max_keepalive_connections=0)
UPSTREAM = httpx.AsyncClient(base_url=os.environ["UPSTREAM"], timeout=330, trust_env=False, limits=NO_IDLE)
HOP_BY_HOP = {"host", "connection", "content-length", "transfer-encoding", "keep-alive", "date"}


async def forward(request: Request) -> Response:
    """Forward a request, and return its response."""
    headers = {name: value for name, value in request.headers.items() if name not in HOP_BY_HOP}
    if "drops-the-async-header" in FAULTS:
        headers.pop("x-dashscope-async", None)
    body = await request.body()
    if "accepts-five-pictures" in FAULTS and request.method == "POST":
        body = at_most_four(body)
    target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    reply = await UPSTREAM.request(request.method, target, headers=headers, content=body)
    kept = {name: value for name, value in reply.headers.items() if name not in HOP_BY_HOP}
    if "/tasks/" not in request.url.path or request.method != "GET":
        return Response(reply.content, reply.status_code, kept)
    status, answer = changed_query(reply.status_code, reply.json())
    return Response(json.dumps(answer), status, kept)


def at_most_four(body: bytes) -> bytes:
    """Return a body with at most four pictures, instead of letting the service refuse more."""
    try:
        value = json.loads(body)
        value["parameters"]["n"] = min(value["parameters"]["n"], 4)
        return json.dumps(value).encode()
    except (ValueError, KeyError, TypeError):
        return body


def changed_query(status: int, answer: dict) -> tuple[int, dict]:
    """Return status and body of the response to a query."""
    output = answer.get("output", {})
    if output.get("task_status") == "FAILED" and "answers-failed-as-500" in FAULTS:
        return 500, {name: output.get(name, "") for name in ("code", "message")}
    if output.get("task_status") == "UNKNOWN" and "answers-unknown-as-404" in FAULTS:
        return 404, {"code": "NotFound", "message": "no such task", "request_id": answer["request_id"]}
    if "keeps-the-first-picture" in FAULTS:
        output.update({name: output[name][:1] for name in ("choices", "results") if name in output})
    return status, answer


app = Starlette(routes=[Route("/{path:path}", forward, methods=["GET", "POST"])])
