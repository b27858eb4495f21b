"""Who did and saw what, and the receipts of the writes that were acknowledged."""
