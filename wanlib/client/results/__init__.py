"""What calls return: results and their parts, streamed responses, pictures fetched and stored.

Imported by `tasks` and by the clients.
Start reading at `result`; `save` writes files, `download` fetches one picture.
"""
