"""The target `http`: any server that speaks the API, or the emulator in this process.

`targets` imports `target.py`; `engine` imports the server, the scripted task checks and the mutation
check's server. Start reading at `target.py`.
"""
