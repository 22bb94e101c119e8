"""Keys, unlock, lock and lease."""
