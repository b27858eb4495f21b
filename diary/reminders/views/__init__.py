"""Reminders: her settings, the links that are keys, and in development the mails that were caught."""

from diary.reminders.views import caught, feed, unsubscribing, watching
from diary.reminders.views.base import bp

__all__ = ["bp", "caught", "feed", "unsubscribing", "watching"]
