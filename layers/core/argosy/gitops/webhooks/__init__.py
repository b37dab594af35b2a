"""Webhooks of Git hosts and registries: what they say, and which Applications it concerns (pure)."""
