"""The package wan_conformance.targets.client."""
