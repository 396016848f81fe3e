"""The package wanlib.spec.model."""
