"""Royalties: what makers of models earn when others generate with them."""
