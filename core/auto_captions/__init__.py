"""Auto captions: captions that a model writes, bought as jobs."""
