"""Receipts, merging, scopes, feed, snapshots, epochs."""
