"""Argosy: the Argo stack as serverless Python.

Layers, each importing only what stands left of it: lang ← resources ← events ← control ← services ← entry points.
`ports` are Protocols that services use; `adapters` implement them and are wired by entry points alone.
"""
