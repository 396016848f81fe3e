"""A typical client with the official SDK: it creates a task, waits for it, and saves its pictures.

It takes its order from the environment, as `wan-conformance client -- python sdk_client.py` sets it. It needs
`dashscope`, which reads DASHSCOPE_API_KEY and DASHSCOPE_HTTP_BASE_URL by itself.
"""

import json
import os
import sys
from pathlib import Path
from urllib.request import urlopen

CANNOT = 77


def create(model: str, parameters: dict[str, object]) -> object:
    """Create the task, with the class that supports the model."""
    from dashscope.aigc.image_generation import ImageGeneration
    from dashscope.aigc.image_synthesis import ImageSynthesis

    prompt, images = os.environ["WAN_PROMPT"], os.environ["WAN_IMAGES"].split("\n")
    if model.startswith("wan2.5"):
        task = ImageSynthesis.async_call(model=model, prompt=prompt, images=images, **parameters)
        return ImageSynthesis.wait(task)
    content = [*({"image": image} for image in images), {"text": prompt}]
    task = ImageGeneration.async_call(
        model=model, messages=[{"role": "user", "content": content}], **parameters
    )
    return ImageGeneration.wait(task)


def links(output: dict[str, object]) -> list[str]:
    """Return the links of all pictures."""
    if output.get("results"):
        return [result["url"] for result in output["results"] if result.get("url")]
    parts = [part for choice in output.get("choices") or () for part in choice["message"]["content"]]
    return [part["image"] for part in parts if part.get("image")]


def main() -> None:
    """Carry out the order."""
    if os.environ["WAN_CALL"] != "async":
        sys.exit(CANNOT)
    response = create(os.environ["WAN_MODEL"], json.loads(os.environ["WAN_PARAMETERS"]))
    if response.status_code != 200 or response.output["task_status"] != "SUCCEEDED":
        sys.exit(f"no pictures: {response}")
    for number, link in enumerate(links(response.output), 1):
        with urlopen(link) as picture:
            Path(os.environ["WAN_OUT"], f"{number}.png").write_bytes(picture.read())


if __name__ == "__main__":
    main()
