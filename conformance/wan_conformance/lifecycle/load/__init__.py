"""Thousands of calls under one client, with quotas on and faults of every kind, in simulated time."""
