"""Charts of Helm repositories and OCI registries."""
