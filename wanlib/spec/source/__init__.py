"""The package wanlib.spec.source."""
