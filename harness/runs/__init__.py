"""A run: what is planned, done, kept and read back; its frames."""
