"""The package wanlib.cli.commands."""
