"""Mapped classes of the records that both ends hold."""
