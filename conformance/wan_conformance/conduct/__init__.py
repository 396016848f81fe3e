"""Judge any client of the API by its conduct: scripted scenarios, recorded traffic.

The commands `client` and `observe` and tests use it; it imports the clients of `lifecycle`.
Start reading in `run.py`: a client through all scenarios; `scenarios.py` lists them.
"""
