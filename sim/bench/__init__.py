"""Load through the engine and through native queues, measured the same way."""
