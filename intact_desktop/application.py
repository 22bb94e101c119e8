"""The only composition root of the desktop."""
