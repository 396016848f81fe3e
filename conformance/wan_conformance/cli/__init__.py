"""The package wan_conformance.cli."""
