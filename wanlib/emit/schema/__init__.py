"""Export a spec as JSON Schema and as an OpenAPI document.

Only `wanlib.cli` and the harness import it. Start reading in `json_schema`.
"""
