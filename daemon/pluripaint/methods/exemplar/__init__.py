"""methods/exemplar."""
