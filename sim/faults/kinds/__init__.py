"""The faults, one a file; each file ends with `FAULT = ...`."""
