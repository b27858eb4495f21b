"""What the pages of this slice read."""

from diary.review.queries.arrival import UNFILLED, ArrivalSheet, Line, arrival_sheet
from diary.review.queries.caseload import GROUPS, CaseRow, caseload
from diary.review.queries.day import wrong_day
from diary.review.queries.infusion_list import InfusionList, infusion_list
from diary.review.queries.medications import MedicationPage, medication_page
from diary.review.queries.own_infusion import OwnInfusion, own_infusion
from diary.review.queries.patient import PatientPage, patient_page
from diary.review.queries.response import ResponsePage, response_page
from diary.review.queries.story import StoryPage, story_page

__all__ = [
    "GROUPS",
    "UNFILLED",
    "ArrivalSheet",
    "CaseRow",
    "InfusionList",
    "Line",
    "MedicationPage",
    "OwnInfusion",
    "PatientPage",
    "ResponsePage",
    "StoryPage",
    "arrival_sheet",
    "caseload",
    "infusion_list",
    "medication_page",
    "own_infusion",
    "patient_page",
    "response_page",
    "story_page",
    "wrong_day",
]
