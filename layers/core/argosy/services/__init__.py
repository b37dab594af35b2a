"""Use cases: what functions and commands call. Services know ports and domains, never adapters."""
