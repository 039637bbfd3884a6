"""What comes after an attempt: whose fault, when again, and which order is next."""
