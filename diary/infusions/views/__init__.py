"""Recording infusions and planned longer gaps (clinician), and the patient's own list of them."""

from diary.infusions.views import gaps, records
from diary.infusions.views.records import bp

__all__ = ["bp", "gaps", "records"]
