"""Virtual worlds: the engine's own decisions on simulated people, in virtual time."""
