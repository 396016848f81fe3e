"""The package wanlib.emulator.storage."""
