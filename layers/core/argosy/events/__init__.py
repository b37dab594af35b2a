"""Argo Events' decisions: what a source makes of a request, whether a filter passes, what a trigger does. Pure."""
