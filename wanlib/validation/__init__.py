"""The package wanlib.validation."""
