"""`callengine why`: a call's story as parts, and the ways to print them."""
