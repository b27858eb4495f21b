"""People, their devices, and signing in."""
