"""Conflicts, and how a person settles them."""
