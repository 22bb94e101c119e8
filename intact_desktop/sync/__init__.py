"""The laptop's half of the sync protocol."""
