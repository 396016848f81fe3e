"""respx replaces our transport's pools as it replaces those of httpx."""

from typing import Any

import httpx
import pytest
import respx

from tests.client.response_samples import TASK
from tests.client.service import CREATED, DONE, PRO
from tests.client.socket_testbed import SocketTestbed


@pytest.mark.parametrize("using", ["httpcore", "httpx"])
def test_respx_answers_every_kind_of_call(testbed: SocketTestbed, using: Any) -> None:
    base = "https://wan.example.com/api/v1"
    with respx.mock(base_url=base, using=using) as router:
        router.post(path__regex=".*generation$").mock(httpx.Response(200, content=CREATED.body))
        router.get(f"/tasks/{TASK}").mock(httpx.Response(200, content=DONE.body))
        wan = testbed.client(base)
        output = testbed.do(wan.generate(PRO, "a vase", n=1))
        assert (output.task_id, len(router.calls)) == (TASK, 2)
