"""The training child: one training, top to bottom, with no credential and no network of its own."""
