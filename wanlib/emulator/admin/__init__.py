"""The package wanlib.emulator.admin."""
