"""Models: what a training yields."""
