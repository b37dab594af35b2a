"""GitOps: Applications compared with their sources, synced and kept so. `controller` is what the work queue calls."""
