"""Edges: for every rule the last request that keeps it and the first that breaks it."""

from wan_conformance.edges.edges import edges

__all__ = ["edges"]
