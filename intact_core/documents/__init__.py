"""Report and certificate: rendering, signing, verification."""
