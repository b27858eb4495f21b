"""Copies of everything that a lost machine takes with it, and putting them back."""
