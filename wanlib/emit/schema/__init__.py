"""The package wanlib.emit.schema."""
