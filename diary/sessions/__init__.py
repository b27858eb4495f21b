"""The meetings: integration, coaching, therapy and lifestyle work, what was agreed on in them, and goals."""
