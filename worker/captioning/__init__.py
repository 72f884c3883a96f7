"""Captions by an image-to-text model."""
