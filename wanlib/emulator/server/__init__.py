"""The package wanlib.emulator.server."""
