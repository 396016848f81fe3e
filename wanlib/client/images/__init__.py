"""The package wanlib.client.images."""
