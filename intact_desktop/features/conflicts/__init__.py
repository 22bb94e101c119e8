"""Settling conflicts, and what the server did not accept."""
