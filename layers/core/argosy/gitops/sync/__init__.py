"""Syncing: what is applied, in which order, and when it is done (pure)."""
