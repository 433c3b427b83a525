"""Views of the frames of a run; nothing here computes a figure that is not in a frame."""
