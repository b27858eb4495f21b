"""Medicines: the clinic's page of a patient's, and the patient's own, where she says what changed."""

from diary.medications.views import clinic, own
from diary.medications.views.both import bp

__all__ = ["bp", "clinic", "own"]
