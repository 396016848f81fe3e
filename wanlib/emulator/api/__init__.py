"""The package wanlib.emulator.api."""
