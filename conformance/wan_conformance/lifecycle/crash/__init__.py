"""Crash tests: a real process is killed at every point of its work, then the next process resumes.

Imported by the CLI and the tests. Start reading at `run`; `crash_points` has the points at which a process
can be killed, `workload` its work, `environment` its start.
"""
