"""The demo: callers and orders through a whole system, watched and measured."""
