"""Faults on purpose, during traffic, and what they cost."""
