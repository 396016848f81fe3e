"""The vendor's quick start for 2.7, but for its address. Runs by itself in the SDK's own environment.

Source: the guide's synchronous example (https://docs.qwencloud.com/developer-guides/image-generation/
wan-image-editing), with pictures and a prompt of our own. Arguments: the base URL.
"""

import os
import sys

import dashscope
from dashscope.aigc.image_generation import ImageGeneration
from dashscope.api_entities.dashscope_response import Message

dashscope.base_http_api_url = sys.argv[1]

message = Message(
    role="user",
    content=[
        {"image": "https://example.com/clock.webp"},
        {"image": "https://example.com/table.webp"},
        {"text": "Put the clock of image 1 on the table of image 2."},
    ],
)
rsp = ImageGeneration.call(
    model="wan2.7-image-pro",
    api_key=os.getenv("DASHSCOPE_API_KEY"),
    messages=[message],
    n=1,
    size="2K",
    watermark=False,
)
print(rsp)
