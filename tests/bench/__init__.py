"""Measures Trainyard beside the physical limit of the machine it runs on: `python -m tests.bench [NAME...]`."""
