"""Clinics, invitations, phones, sharing, what people are told, and break-glass."""

from diary.careteam.views import clinic, glass, invitations, phones, sharing
from diary.careteam.views.base import bp

__all__ = ["bp", "clinic", "glass", "invitations", "phones", "sharing"]
