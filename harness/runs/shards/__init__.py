"""Runs in pieces: what is finished is on disk, piece by piece, and any number of processes and machines can share the rest.

* :mod:`units`: into which pieces a plan is divided, and what they are called;
* :mod:`parts`: what a pass gave on a range of its inputs, and how such parts add up;
* :mod:`runner`: does a unit, with workers that stay alive from one to the next;
* :mod:`passes`: the account of a pass whose parts are all there;
* :mod:`manifest`: what was asked of a run;
* :mod:`store`: the directory, which trusts no file that it did not write whole;
* :mod:`collection`: the frames;
* :mod:`merge`: directories of several machines as one;
* :mod:`cluster`: Dask as the engine.
"""
