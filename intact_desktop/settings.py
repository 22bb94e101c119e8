"""Where the laptop's data lies and what the user chose."""
