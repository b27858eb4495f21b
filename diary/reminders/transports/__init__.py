"""The ways out: mail and push."""
