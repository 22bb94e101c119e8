"""Answers of clients: review and verification."""
