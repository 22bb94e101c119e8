"""Content store and resumable uploads."""
