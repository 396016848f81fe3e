"""The package wan_conformance.lifecycle.schedules."""
