"""What a patient says around an infusion, and the sheet for the nurse before one."""

from diary.checkins.views import arrival, said
from diary.checkins.views.said import bp

__all__ = ["arrival", "bp", "said"]
