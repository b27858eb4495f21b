"""The pages of accounts: signing in and out, second factors, step-up, and what a person sees of their own account."""

from diary.accounts.views import factors, mailed, page, prove, sign_in
from diary.accounts.views.base import bp

__all__ = ["bp", "factors", "mailed", "page", "prove", "sign_in"]
