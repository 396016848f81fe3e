"""HTTP as data: requests, responses, transport errors, and what a response of the service means.

Imported by all packages of the client; imports none of them.
Start reading at `messages`, then `responses`.
"""
