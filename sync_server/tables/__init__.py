"""Rows that only the server holds."""
