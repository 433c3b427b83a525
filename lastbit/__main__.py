"""``python -m lastbit`` is the command ``lastbit``."""

from harness.cli import main

main()
