"""Writes of reminders: wishes, phones, and the engine's steps."""
