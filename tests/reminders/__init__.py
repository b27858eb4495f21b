"""Reminders: what is due when, and that it comes once."""
