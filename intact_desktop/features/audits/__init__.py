"""The list of my audits, and what of each is on this laptop."""
