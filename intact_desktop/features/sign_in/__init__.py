"""Enrolling this laptop and unlocking it."""
