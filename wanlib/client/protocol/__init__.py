"""The package wanlib.client.protocol."""
