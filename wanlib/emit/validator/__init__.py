"""The package wanlib.emit.validator."""
