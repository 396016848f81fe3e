"""The package wanlib.emulator.jobs."""
