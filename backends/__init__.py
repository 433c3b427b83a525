"""Adapters: one per framework, and the worker process that runs them.

Nothing here knows of the harness or of the reports, and importing this package imports no framework: a worker needs
NumPy and its one framework, and runs in any environment that has them.
"""
