"""The Intact API under /api/v1, and the server's health."""
