"""Offerings: the kinds of training that can be bought, their bounds and their public price."""
