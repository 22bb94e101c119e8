"""What can be done, one file per subject; no HTTP in here."""
