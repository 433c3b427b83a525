"""The instrument: what is measured, against what, and the frames that come out. Its public face is :mod:`lastbit`."""
