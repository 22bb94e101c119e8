"""Where the server's data lies and how it is reached."""
