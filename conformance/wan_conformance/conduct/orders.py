"""The order of a client in a scenario, and the environment variables that pass it to a command.

| variable | holds |
|---|---|
| `DASHSCOPE_API_KEY`, `DASHSCOPE_HTTP_BASE_URL` | how to reach the service |
| `WAN_MODEL` | the model |
| `WAN_CALL` | `async`, `sync` or `stream` |
| `WAN_PROMPT` | the prompt |
| `WAN_IMAGES` | URLs of the input images, one a line |
| `WAN_N` | the number of pictures |
| `WAN_PARAMETERS` | the parameters as a JSON object, the number of pictures included |
| `WAN_TIMEOUT` | seconds after which the client must have ended |
| `WAN_OUT` | an empty folder for the pictures |

A command saves the pictures in `WAN_OUT` and exits 0. If there are none, it exits with any other code; with
`CANNOT` if it does not offer this call or model, which is then not judged.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from wan_conformance.lifecycle.clients.base import KEY

CANNOT = 77
"""The exit code of a command that does not support the call, as in automake's test drivers."""


class ClientOrder(NamedTuple):
    """The order of a client: one call, whose pictures are saved.

    Attributes:
        model: The model.
        call: `async`, `sync` or `stream`.
        prompt: The prompt.
        images: The URLs of the input images.
        picture_count: The number of pictures.
        parameters: The parameters by name, the number of pictures included.
        timeout: Seconds after which the client must have ended.
        out: An empty folder for the pictures.
    """

    model: str
    call: str
    prompt: str
    images: tuple[str, ...]
    picture_count: int
    parameters: Mapping[str, Any]
    timeout: float
    out: Path

    def environment(self, base_url: str) -> dict[str, str]:
        """Return the environment variables of a command.

        Args:
            base_url: The URL of the service.
        """
        return {
            "DASHSCOPE_API_KEY": KEY,
            "DASHSCOPE_HTTP_BASE_URL": base_url,
            "WAN_MODEL": self.model,
            "WAN_CALL": self.call,
            "WAN_PROMPT": self.prompt,
            "WAN_IMAGES": "\n".join(self.images),
            "WAN_N": str(self.picture_count),
            "WAN_PARAMETERS": json.dumps(dict(self.parameters)),
            "WAN_TIMEOUT": f"{self.timeout:g}",
            "WAN_OUT": str(self.out),
        }
