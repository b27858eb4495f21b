"""The response to an infusion, by the definitions `neap-response-1`."""

from diary.response.rules.courses import (
    Course,
    Duration,
    InfusionResponse,
    Run,
    Summary,
    Week,
    as_json,
    counts_at,
    courses_of,
    is_tight,
)

__all__ = [
    "Course",
    "Duration",
    "InfusionResponse",
    "Run",
    "Summary",
    "Week",
    "as_json",
    "counts_at",
    "courses_of",
    "is_tight",
]
