"""The compiled loops of the comparison."""
