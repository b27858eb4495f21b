"""What is due, when, and in which words: pure."""
