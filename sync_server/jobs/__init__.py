"""Schedules and background work."""
