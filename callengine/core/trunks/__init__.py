"""Trunks: how each carrier writes numbers, which one is dialled by, how each does."""
