"""The shell that runs the core: inboxes, timers, effects and recovery."""
