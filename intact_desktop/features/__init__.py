"""One folder per subject."""
