"""The package wan_conformance.lifecycle.simulation."""
