"""What an infusion did: the pure heart of the product, and its one reader."""
