"""What is taken: medicines over time by class, opioids also as MME a day."""
