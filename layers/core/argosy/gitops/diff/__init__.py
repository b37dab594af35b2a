"""Comparison of desired and live objects."""
