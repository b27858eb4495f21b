"""The daily diary."""
