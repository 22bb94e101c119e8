"""Steps from one shape of the server's database to the next."""
