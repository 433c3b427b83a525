"""How long calls take, on a machine that is not quiet: pairs of fresh processes, exact intervals, verdicts."""
