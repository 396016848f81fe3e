"""Plays without a script: steps that somebody draws, any number of tasks, and every fault of the emulator."""
