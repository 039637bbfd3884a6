"""Callers and customers: SIPp scenarios, how to run them, what they measured."""
