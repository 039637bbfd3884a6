"""A centre in virtual time: the engine's own pool among people, days and rules."""
