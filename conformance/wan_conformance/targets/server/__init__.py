"""The package wan_conformance.targets.server."""
