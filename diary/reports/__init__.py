"""The two-page summary of a period, as PDF."""
