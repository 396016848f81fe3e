"""The package wanlib.client.results."""
