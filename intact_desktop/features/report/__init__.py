"""Building and signing the report."""
