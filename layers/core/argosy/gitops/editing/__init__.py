"""The flags of `argocd app create`, `set` and `unset`: how each changes an Application's spec."""
