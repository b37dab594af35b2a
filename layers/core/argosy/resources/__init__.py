"""Argo's custom resources as lean models, the reading of manifests, and their validation. Pure."""
