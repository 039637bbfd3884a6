"""Pure decisions: facts in, next state and effects out. No clock, I/O or chance."""
