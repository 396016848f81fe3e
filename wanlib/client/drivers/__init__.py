"""The package wanlib.client.drivers."""
