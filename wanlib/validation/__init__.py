"""Everything that generated validators call: helpers, image headers, data URIs, output sizes, bills.

Imported by generated code, the client and the interpreter; it contains no limit of a model.
Start reading at `helpers`.
"""
