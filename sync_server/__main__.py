"""Entry point of the server."""
