"""The response page of staff, read and made ready for its template."""

from diary.review.queries.response.model import ResponsePage
from diary.review.queries.response.page import pain_headline, response_page

__all__ = ["ResponsePage", "pain_headline", "response_page"]
