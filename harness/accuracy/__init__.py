"""How wrong results are: on which inputs, in which classes, and by how many ulps."""
