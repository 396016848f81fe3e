"""The package wanlib.cli.options."""
