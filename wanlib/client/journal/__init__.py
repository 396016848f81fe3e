"""The package wanlib.client.journal."""
