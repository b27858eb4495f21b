"""A word from a good day: one private note to oneself, kept for hard days."""
