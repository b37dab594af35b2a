"""Projects: what an Application may use, and when it may be synced (pure)."""
