"""A whole system for a run: brought up, watched, taken down without a trace."""
