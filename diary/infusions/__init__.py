"""What was given, and when."""
