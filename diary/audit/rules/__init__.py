"""The chain over the audit trail, and what its codes mean in words; pure."""
