"""The package wanlib.emit.client."""
