"""Reconciles laptops, decides, issues certificates."""
