"""The dialler on real Asterisk, beside the simulator of the same team."""
