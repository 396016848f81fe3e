"""Crash tests: a real process is killed at every point of its work, then the next process resumes.

Imported by the CLI and the tests. Start reading at `run`; `crash_points` says where a process can be killed,
`workload` what it does, `environment` how it is started.
"""
