"""The package wanlib.spec.interpreter."""
