"""The package wanlib.client.http."""
