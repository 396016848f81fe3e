"""The commands that make or follow calls of the service.

All of them show the price first where a call is billed, and share `options.connection`.
"""
