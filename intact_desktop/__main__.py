"""Entry point of the desktop."""
