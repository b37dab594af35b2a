"""GitOps: what a repository's files mean, decided without touching them (pure)."""
