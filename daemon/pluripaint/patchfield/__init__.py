"""patchfield."""
