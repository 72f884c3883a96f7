"""The GPU process: claims jobs, supervises a training child, and is the only place that imports torch."""
