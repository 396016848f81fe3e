"""The package wanlib.client.call."""
