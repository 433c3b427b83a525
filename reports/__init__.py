"""Views of the frames of a run: nothing here measures, and what is drawn of a function itself comes from the exact reference."""
