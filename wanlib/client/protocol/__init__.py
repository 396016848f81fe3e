"""Code that all steps of the client share: effects, settings, budget, time limits, retries, the context.

Imported by `call`, `images`, `tasks`, `results` and the drivers.
Start reading at `effects`.
"""
