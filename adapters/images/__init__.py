"""Untrusted pictures, decoded in child processes that can be killed; Pillow is imported nowhere else."""
