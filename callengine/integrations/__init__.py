"""What goes out to shops and logistics."""
