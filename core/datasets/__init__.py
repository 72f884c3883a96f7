"""Datasets: what people gather to train on, item by item."""
