"""Who may do what: policies, roles and tokens (pure)."""
