"""Passwords, tokens, sessions, permissions."""
