"""Endurance: the same load for long, and what it leaves behind."""
