"""Command line of the desktop."""
