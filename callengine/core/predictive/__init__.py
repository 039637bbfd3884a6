"""Predictive pacing: learned distributions, a priced budget, one decision per tick."""
