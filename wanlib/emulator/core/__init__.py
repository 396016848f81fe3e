"""The package wanlib.emulator.core."""
