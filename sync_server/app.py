"""The only composition root of the server."""
