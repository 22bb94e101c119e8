"""Writing findings."""
