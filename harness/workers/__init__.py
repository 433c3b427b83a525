"""Who computes: the processes of the implementations, and how inputs and results go to and fro."""
