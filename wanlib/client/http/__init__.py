"""HTTP as data: requests, responses, transport errors, and the interpretation of responses.

Imported by all packages of the client; imports none of them.
Start reading at `messages`, then `responses`.
"""
