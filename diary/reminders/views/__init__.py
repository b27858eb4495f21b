"""Reminders: her settings, her phone's side, links that are keys, the scheduler watched, and mails caught in development."""

from diary.reminders.views import caught, feed, opening, page, phone, unsubscribing, watching
from diary.reminders.views.base import bp

__all__ = ["bp", "caught", "feed", "opening", "page", "phone", "unsubscribing", "watching"]
