"""The public interfaces, one folder each."""
