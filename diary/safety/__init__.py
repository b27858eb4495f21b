"""Help in a crisis."""
