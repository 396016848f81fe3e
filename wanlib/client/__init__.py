"""The client: calls, images, tasks, results, and the drivers that do the I/O. It contains no API data.

Generated code subclasses `Client` and `AsyncClient` and passes in all tables; nothing else imports it.
Start reading at `core`, then `call.plan`, `tasks.lifecycle` and `protocol.effects`.
"""
