"""The package wanlib.client.tasks."""
