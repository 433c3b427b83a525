"""The measuring side of lastbit: exact references, inputs, tallies, runs, gates and the command line."""
