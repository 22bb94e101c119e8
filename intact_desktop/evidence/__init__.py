"""Evidence files: hash, encrypt, thumbnail."""
