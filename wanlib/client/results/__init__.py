"""The results of calls: results and their parts, streamed responses, downloads and files.

Imported by `tasks` and by the clients.
Start reading at `result`; `save` writes files, `download` fetches one picture.
"""
