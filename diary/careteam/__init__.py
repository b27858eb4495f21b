"""Clinics, roles, invitations, consent, and who may see whom."""
