"""Recording infusions and planned longer gaps (clinician), and the patient's own list and pages of them."""

from diary.infusions.views import gaps, own, records
from diary.infusions.views.records import bp

__all__ = ["bp", "gaps", "own", "records"]
