"""The proving ground: simulated people on real SIP, load, faults and measurement."""
