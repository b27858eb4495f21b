"""Reminders: what is due follows from rules and the person's settings, and each is sent once."""
