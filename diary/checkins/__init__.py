"""Check-ins after an infusion and intentions before: what is asked when, and which answer calls for help."""
