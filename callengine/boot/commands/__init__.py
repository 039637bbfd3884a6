"""The sub-commands of `callengine`, one module per area, imported when called."""
