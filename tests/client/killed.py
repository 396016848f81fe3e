"""A process of its own that submits or edits with a journal, to be killed: python -m tests.client.killed."""

import sys

from wanlib import Wan

if __name__ == "__main__":
    base, journal = sys.argv[1:]
    with Wan("sk-1", base_url=base, journal=journal) as wan:
        wan.edit("wan2.7-image-pro", "a vase", images=["https://example.com/a.png"], n=1)
