"""The package wan_conformance.engine."""
