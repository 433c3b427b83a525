"""The gate: limits and baselines that cases must hold, and what is said when they do not.

``limits`` reads what is wanted, ``check`` measures it, ``verdict`` judges it; ``baseline`` keeps figures in a text file,
and ``figures`` compares them with later ones.
"""
