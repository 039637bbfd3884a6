"""Regimes as data, and the verdict asked for before every attempt."""
